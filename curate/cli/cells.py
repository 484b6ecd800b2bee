"""The options of `curate grid`, in panels for its help."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from curate.cli.servers import COMFY, OWN_GRAPH

_CELLS = "Which cells"
_SHOWN = "How they are shown and measured"
_WAN = "The shipped Wan2.1 T2V graph"

Loras = Annotated[
    list[str] | None,
    typer.Option(
        "--lora",
        metavar="FILE",
        help="A slider: a file, a glob in quotes, or a name that ComfyUI lists; repeat it to "
        "compare.",
        show_default="the workspace's slider",
        rich_help_panel=_CELLS,
    ),
]
Prompts = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE", help="A prompt a line.", show_default="six of ours", rich_help_panel=_CELLS
    ),
]
Strengths = Annotated[
    str, typer.Option(metavar="LIST", help="0 is always among them.", rich_help_panel=_CELLS)
]
Seeds = Annotated[
    list[int],
    typer.Option(
        "--seed",
        min=0,
        metavar="N",
        help="For all cells; may be repeated.",
        rich_help_panel=_CELLS,
    ),
]
BlocksStudy = Annotated[
    str,
    typer.Option(
        metavar="RANGES",
        help="Also render the LoRA with only these blocks in it, each range alone: "
        "0-10,11-25,26-39.",
        rich_help_panel=_CELLS,
    ),
]
LorasDir = Annotated[
    Path | None,
    typer.Option(
        metavar="DIR",
        help="ComfyUI's models/loras, to copy the LoRAs to.",
        rich_help_panel=COMFY,
    ),
]
Name = Annotated[
    str,
    typer.Option(
        metavar="NAME", help="Of the sheet.", show_default="the LoRA's", rich_help_panel=_SHOWN
    ),
]
Direction = Annotated[
    Literal["horizontal", "vertical"],
    typer.Option(help="Which way the strengths go.", rich_help_panel=_SHOWN),
]
CellSize = Annotated[
    int,
    typer.Option(
        min=64, metavar="PX", help="A cell's long side on the sheet.", rich_help_panel=_SHOWN
    ),
]
Concept = Annotated[
    Literal["density", "light", "none"],
    typer.Option(help="What the slider is to change.", rich_help_panel=_SHOWN),
]
Encoder = Annotated[
    str,
    typer.Option(
        metavar="NAME",
        help="Of image similarity: auto, none, embedded, or a folder with CLIP.",
        rich_help_panel=_SHOWN,
    ),
]
Model = Annotated[
    str | None,
    typer.Option(
        metavar="FILE",
        help="In models/diffusion_models.",
        show_default="wan2.1_t2v_14B_fp8_e4m3fn",
        rich_help_panel=_WAN,
    ),
]
Clip = Annotated[
    str | None,
    typer.Option(
        metavar="FILE",
        help="The text encoder, in models/text_encoders.",
        show_default="umt5_xxl_fp8_e4m3fn_scaled",
        rich_help_panel=_WAN,
    ),
]
Vae = Annotated[
    str | None,
    typer.Option(
        metavar="FILE", help="In models/vae.", show_default="wan_2.1_vae", rich_help_panel=_WAN
    ),
]
Steps = Annotated[
    int | None,
    typer.Option(min=1, metavar="N", show_default="30, accelerated 4", rich_help_panel=_WAN),
]
Cfg = Annotated[
    float | None,
    typer.Option(metavar="X", show_default="6, accelerated 1", rich_help_panel=_WAN),
]
Shift = Annotated[
    float | None,
    typer.Option(metavar="X", show_default="8, accelerated 5", rich_help_panel=_WAN),
]
Sampler = Annotated[
    str | None, typer.Option(metavar="NAME", show_default="uni_pc", rich_help_panel=_WAN)
]
Scheduler = Annotated[
    str | None, typer.Option(metavar="NAME", show_default="simple", rich_help_panel=_WAN)
]
Size = Annotated[
    str | None,
    typer.Option(metavar="WIDTHxHEIGHT", show_default="832x480", rich_help_panel=_WAN),
]
Frames = Annotated[
    int,
    typer.Option(
        min=1, metavar="N", help="1 is a still; 33 a clip of two seconds.", rich_help_panel=_WAN
    ),
]
Negative = Annotated[
    str | None,
    typer.Option(metavar="TEXT", show_default="none", rich_help_panel=_WAN),
]
StyleLoras = Annotated[
    list[str] | None,
    typer.Option(
        "--style-lora",
        metavar="FILE:STRENGTH",
        help="A further LoRA in models/loras, the same in every cell; may be repeated.",
        rich_help_panel=_WAN,
    ),
]
Accelerator = Annotated[
    str | None,
    typer.Option(
        metavar="FILE:STRENGTH",
        help="A LoRA such as lightx2v's, with which 4 steps are enough.",
        rich_help_panel=_WAN,
    ),
]
Workflow = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        help="Exported in API format; the strength's, text's, seed's and output's nodes are found.",
        rich_help_panel=OWN_GRAPH,
    ),
]
