"""One approved model package to one environment's endpoint: state -> plan -> execute -> verdict."""
