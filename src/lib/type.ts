/** What schemas are made of here. `Type` of the package holds all it has, four times as much as is used, in every start. */
export {
  Array,
  Boolean,
  Integer,
  Number,
  Object,
  Optional,
  Partial,
  Record,
  String,
  Union,
  Unknown,
  Unsafe,
} from "@sinclair/typebox";
