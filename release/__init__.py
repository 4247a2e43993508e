"""Takes one approved model package to one environment's endpoint: state -> plan -> execute -> watch -> verdict.

Each layer imports only those below it:

command, approval
run, rollback, delete, smoke, status
verdict
watch
execute
plan
kinds        what differs by kind of serving
state
known_answers
samples, known_requests, invocation, scaling_target
context, call, names, options, request, response_contract
"""
