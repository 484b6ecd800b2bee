"""The options of `curate kontext`, in panels for its help."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from curate.cli.servers import OWN_GRAPH

_TWINS = "Which twins"
_SHIPPED = "The shipped FLUX.1 Kontext graph"

Prompt = Annotated[
    str,
    typer.Option(
        metavar="FILE", help="The instruction: a file, or a name in ./prompts or in the package."
    ),
]
Backend = Annotated[
    str,
    typer.Option(
        help="comfy; embedded, a small simplifier to try the loop without a GPU; "
        "or a .py file of yours.",
        metavar="NAME",
    ),
]
Variants = Annotated[
    int,
    typer.Option(
        min=1, metavar="N", help="Twins a frame; pair-check finds the best.", rich_help_panel=_TWINS
    ),
]
Retry = Annotated[
    Literal["rejected"] | None,
    typer.Option(
        help="Only make new twins, with new seeds, where pair-check rejected all there are.",
        rich_help_panel=_TWINS,
    ),
]
Tries = Annotated[
    int,
    typer.Option(
        min=1, metavar="N", help="With --retry: twins a frame at most.", rich_help_panel=_TWINS
    ),
]
Control = Annotated[
    bool,
    typer.Option(
        "--control",
        help="Also send each frame with the instruction to change nothing.",
        rich_help_panel=_TWINS,
    ),
]
Seed = Annotated[
    int | None,
    typer.Option(
        min=0,
        metavar="N",
        help="For every frame.",
        show_default="from the frame's content",
        rich_help_panel=_TWINS,
    ),
]
Size = Annotated[
    str,
    typer.Option(
        help="Of both halves: kontext, multiple-of-16 (crop only), or WIDTHxHEIGHT.",
        metavar="SIZE",
        rich_help_panel=_TWINS,
    ),
]
Limit = Annotated[
    int | None,
    typer.Option(min=1, metavar="N", help="Make at most so many now.", rich_help_panel=_TWINS),
]
Steps = Annotated[
    int | None,
    typer.Option(
        min=1,
        metavar="N",
        show_default="20",
        help="Steps of the sampler.",
        rich_help_panel=_SHIPPED,
    ),
]
Guidance = Annotated[
    float | None,
    typer.Option(
        metavar="X", show_default="2.5", help="How closely it follows.", rich_help_panel=_SHIPPED
    ),
]
Sampler = Annotated[
    str | None,
    typer.Option(
        metavar="NAME", show_default="euler", help="As ComfyUI calls it.", rich_help_panel=_SHIPPED
    ),
]
Scheduler = Annotated[
    str | None,
    typer.Option(
        metavar="NAME", show_default="simple", help="As ComfyUI calls it.", rich_help_panel=_SHIPPED
    ),
]
Model = Annotated[
    str | None,
    typer.Option(
        help="A file in models/diffusion_models.",
        metavar="FILE",
        show_default="flux1-dev-kontext_fp8_scaled",
        rich_help_panel=_SHIPPED,
    ),
]
Loras = Annotated[
    list[str] | None,
    typer.Option(
        "--lora",
        help="A file in models/loras with a strength; may be repeated.",
        metavar="FILE:STRENGTH",
        rich_help_panel=_SHIPPED,
    ),
]
Workflow = Annotated[
    Path | None,
    typer.Option(
        help="Exported in API format; the frame's, text's, seed's and output's nodes are found.",
        metavar="FILE",
        rich_help_panel=OWN_GRAPH,
    ),
]
