"""Everything that can go wrong for a user, each with a remedy and an exit code.

CurateError
├── UsageError                exit 2
│   ├── UnknownSetting
│   └── BadSetting
├── BadInput                  exit 3
│   ├── FilmMissing, FilmUnreadable, FilmEncrypted, FilmChanged
│   ├── NoVideo, StreamMissing, NothingLeft
│   ├── ImageMissing, ImageUnreadable, SizesDiffer, FolderEmpty
│   ├── InstructionMissing, InstructionEmpty, GraphUnusable
│   ├── LoraUnreadable, LorasDiffer, NoModuleChosen
│   ├── ClipUnusable, TooFewRulings
│   ├── ClipUnreadable, ClipsDiffer, ClipTooShort
│   ├── CaptionUnusable, ArchiveUnusable, MusubiMissing, DatasetMoved
│   └── NothingYet
├── PlaceError                exit 3
│   ├── WorkspaceUnusable, LedgerUnreadable, LedgerBusy
│   ├── DiskFull, NotWritable, InUse
│   ├── PortTaken
│   └── RayMissing, ClusterUnreachable, ClusterLost, NodeUnfit
├── NoComfy                   exit 4
│   ├── ServerUnreachable
│   │   └── ServerSilent, ServerFailing, ServerStalled, ServerForbids
│   ├── ServerLost
│   ├── ModelsMissing
│   └── GraphRefused
├── StrictFailed              exit 5
└── ItemFailed                exit 1
    ├── JobFailed, TrainingFailed, PushFailed
    ├── AnswerUnusable
    │   └── TwinUnusable, CellUnusable
    └── WorkerDied
"""

from curate.errors.asked import (
    BadSetting,
    FolderEmpty,
    NothingYet,
    StrictFailed,
    UnknownSetting,
)
from curate.errors.base import (
    BadInput,
    CurateError,
    Failure,
    ItemFailed,
    NoComfy,
    PlaceError,
    UsageError,
    nearest,
)
from curate.errors.comfy import (
    AnswerUnusable,
    CellUnusable,
    GraphRefused,
    GraphUnusable,
    InstructionEmpty,
    InstructionMissing,
    JobFailed,
    ModelsMissing,
    ServerFailing,
    ServerForbids,
    ServerLost,
    ServerSilent,
    ServerStalled,
    ServerUnreachable,
    TwinUnusable,
)
from curate.errors.engine import (
    ClusterLost,
    ClusterUnreachable,
    NodeUnfit,
    RayMissing,
    WorkerDied,
)
from curate.errors.films import (
    FilmChanged,
    FilmEncrypted,
    FilmMissing,
    FilmUnreadable,
    NothingLeft,
    NoVideo,
    StreamMissing,
)
from curate.errors.loras import LorasDiffer, LoraUnreadable, NoModuleChosen
from curate.errors.pictures import (
    ClipsDiffer,
    ClipTooShort,
    ClipUnreadable,
    ClipUnusable,
    ImageMissing,
    ImageUnreadable,
    SizesDiffer,
    TooFewRulings,
)
from curate.errors.place import (
    DiskFull,
    InUse,
    LedgerBusy,
    LedgerUnreadable,
    NotWritable,
    WorkspaceUnusable,
)
from curate.errors.review import PortTaken
from curate.errors.sets import (
    ArchiveUnusable,
    CaptionUnusable,
    DatasetMoved,
    MusubiMissing,
    PushFailed,
    TrainingFailed,
)

__all__ = [
    "AnswerUnusable",
    "ArchiveUnusable",
    "BadInput",
    "BadSetting",
    "CaptionUnusable",
    "CellUnusable",
    "ClipTooShort",
    "ClipUnreadable",
    "ClipUnusable",
    "ClipsDiffer",
    "ClusterLost",
    "ClusterUnreachable",
    "CurateError",
    "DatasetMoved",
    "DiskFull",
    "Failure",
    "FilmChanged",
    "FilmEncrypted",
    "FilmMissing",
    "FilmUnreadable",
    "FolderEmpty",
    "GraphRefused",
    "GraphUnusable",
    "ImageMissing",
    "ImageUnreadable",
    "InUse",
    "InstructionEmpty",
    "InstructionMissing",
    "ItemFailed",
    "JobFailed",
    "LedgerBusy",
    "LedgerUnreadable",
    "LoraUnreadable",
    "LorasDiffer",
    "ModelsMissing",
    "MusubiMissing",
    "NoComfy",
    "NoModuleChosen",
    "NoVideo",
    "NodeUnfit",
    "NotWritable",
    "NothingLeft",
    "NothingYet",
    "PlaceError",
    "PortTaken",
    "PushFailed",
    "RayMissing",
    "ServerFailing",
    "ServerForbids",
    "ServerLost",
    "ServerSilent",
    "ServerStalled",
    "ServerUnreachable",
    "SizesDiffer",
    "StreamMissing",
    "StrictFailed",
    "TooFewRulings",
    "TrainingFailed",
    "TwinUnusable",
    "UnknownSetting",
    "UsageError",
    "WorkerDied",
    "WorkspaceUnusable",
    "nearest",
]
