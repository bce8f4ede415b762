"""Games: from coalitions of features to worths of a model."""

from ferroshap.game.abreast import BegunAbreast, begin_abreast, worths_abreast
from ferroshap.game.endpoints import Endpoints
from ferroshap.game.masked import MaskedGame
from ferroshap.game.players import Players, find_players
from ferroshap.game.reference import Reference
from ferroshap.game.rows import AnyMaskedGame, Rows
from ferroshap.game.single import Game

__all__ = [
    "AnyMaskedGame",
    "BegunAbreast",
    "Endpoints",
    "Game",
    "MaskedGame",
    "Players",
    "Reference",
    "Rows",
    "begin_abreast",
    "find_players",
    "worths_abreast",
]
