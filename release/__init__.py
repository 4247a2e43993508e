"""Takes one approved model package to one environment's endpoint: state -> plan -> execute -> watch -> verdict.

Each layer imports only those below it:

command, approve
pending_list
approval_summary
run, abort, accept, rollback, delete, status
deploy
judge
verdict
watch
execute
after_rollback, notice, smoke
plan
kinds        what differs by kind of serving
state
known_answers
pending, samples, known_requests, invocation, scaling_target, judgement_alarms
context, call, names, options, request, response_contract, judgement
"""
