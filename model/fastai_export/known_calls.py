"""What the functions do that cloudpickle, dill and the standard library put pickles together with.

They are told apart by whether a call of theirs runs anything that is handed to it. Names are those of Python 3.
"""

from __future__ import annotations

import re
from typing import Final

# Functions that find something in what exists already.
GETATTR: Final = (
    "builtins.getattr", "dill._dill._get_attr", "dill._dill._getattr", "operator.getitem", "_operator.getitem",
)  # fmt: skip
IMPORT: Final = ("cloudpickle.cloudpickle.subimport", "dill._dill._import_module")
TYPES: Final = ("cloudpickle.cloudpickle._builtin_type", "dill._dill._load_type")
# Functions that run text, which is harmless where it is what dill writes: the name of a method, a range.
EVALUATE: Final = ("dill._dill._getattr", "dill._dill._eval_repr")
HARMLESS_TEXT: Final = re.compile(
    r"<[\w -]+ '\w+' of '[\w.]+' objects>|Ellipsis|NotImplemented|x?range\([\d, -]{,99}\)|\w{,99}"
)
# Classes whose objects do something when they are called.
GETTERS: Final = (
    "operator.attrgetter", "operator.itemgetter", "_operator.attrgetter", "_operator.itemgetter", "types.ItemGetterType",
    "types.AttrGetterType",
)  # fmt: skip
METHODS: Final = ("operator.methodcaller", "_operator.methodcaller")
PARTIALS: Final = (
    "functools.partial", "_functools.partial", "functools.partialmethod", "types.PartialType", "types.MethodType",
)  # fmt: skip
FUNCTIONS: Final = (
    "cloudpickle.cloudpickle._make_function", "cloudpickle.cloudpickle._make_skel_func", "dill._dill._create_function",
    "types.FunctionType", "types.LambdaType",
)  # fmt: skip
CELLS: Final = ("dill._dill._create_cell", "types.CellType", "cloudpickle.cloudpickle._make_cell")
# Functions that make a class of the file's own, and what gives classes and functions their attributes.
CLASS_MAKERS: Final = (
    "cloudpickle.cloudpickle._make_skeleton_class", "cloudpickle.cloudpickle_fast._make_skeleton_class",
    "dill._dill._create_type",
)  # fmt: skip
MADE_CLASSES: Final = (
    "cloudpickle.cloudpickle._make_skeleton_enum", "cloudpickle.cloudpickle._make_typevar", "dill._dill._create_namedtuple",
    "dill._dill._create_dtypemeta", "collections.namedtuple",
)  # fmt: skip
CLASS_SET: Final = (
    "cloudpickle.cloudpickle._class_setstate", "cloudpickle.cloudpickle_fast._class_setstate", "dill._dill._setattr",
    "builtins.setattr",
)  # fmt: skip
FUNCTION_SET: Final = (
    "cloudpickle.cloudpickle._function_setstate", "cloudpickle.cloudpickle_fast._function_setstate",
    "cloudpickle.cloudpickle._fill_function", "dill._dill._setattr", "builtins.setattr", "dill._dill._setitems",
)  # fmt: skip
# Functions that change the first of their arguments.
SET: Final = (
    *(f"cloudpickle.{module}._{kind}_setstate" for module in ("cloudpickle", "cloudpickle_fast")
        for kind in ("class", "function")),
    "dill._dill._setattr", "dill._dill._setitems", "dill._shims._delattr", "builtins.setattr", "builtins.delattr",
)  # fmt: skip
# Functions that call the first of their arguments, some of them later.
APPLY: Final = (
    "dill._dill._create_type", "dill._dill._create_ftype", "dill._dill._create_array", "copyreg.__newobj__",
    "copyreg.__newobj_ex__", "copyreg._reconstructor",
    "cloudpickle.cloudpickle._make_skeleton_class", "builtins.map", "builtins.filter",
    "itertools.starmap", "itertools.takewhile", "itertools.dropwhile", "itertools.filterfalse", "functools.reduce",
    "_functools.reduce",
)  # fmt: skip
# Functions and classes that call none of their arguments.
HOLD: Final = frozenset((
    *GETATTR, *EVALUATE, *IMPORT, *TYPES, *GETTERS, *METHODS, *PARTIALS, *FUNCTIONS, *CELLS, *SET,
    *(f"cloudpickle.{module}.{name}" for module in ("cloudpickle", "cloudpickle_fast") for name in (
        "_make_empty_cell", "_make_skeleton_enum", "_make_typevar", "_make_dict_keys", "_make_dict_values",
        "_make_dict_items", "_fill_function", "_file_reconstructor", "_get_dataclass_field_type_sentinel",
        "dynamic_subimport")),
    *(f"dill._dill.{name}" for name in (
        "_create_code", "_create_thread_handle", "_create_weakref", "_create_weakproxy", "_create_typing_tuple", "_create_lock",
        "_create_rlock", "_create_stringi", "_create_stringo", "_create_dtypemeta", "_create_namedtuple", "_getattribute")),
    *(f"builtins.{name}" for name in (
        "type", "property", "classmethod", "staticmethod", "super", "object", "tuple", "list", "dict", "set", "frozenset",
        "slice")),
    *(f"types.{name}" for name in (
        "CodeType", "ModuleType", "MappingProxyType", "SimpleNamespace", "GenericAlias", "UnionType")),
    "operator.or_", "_operator.or_", "collections.OrderedDict", "collections.deque", "weakref.ref", "weakref.WeakSet",
    "fastcore.foundation.L",
))  # fmt: skip
