"""Pipelines and their executions: operations, definitions, and the interpreter that runs them.

``interpreter`` decides which steps run, ``step_runner`` runs one, ``steps`` has what the types of steps do;
``definition_checks`` and ``definition_structure`` check definitions, ``expressions`` and ``graph`` evaluate them.
"""
