"""`model-operator` and `python -m model_operator`: the commands of `model_operator.cli`."""

from model_operator.cli import main

if __name__ == "__main__":
    main()
