"""The one error this package shows to a person."""


class StackError(Exception):
    """Why the stack cannot run, as one sentence that also says what to do about it."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence
