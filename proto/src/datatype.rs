//! The types that elements of a tensor may have, as the Open Inference Protocol names them: `FP32`, `BYTES`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;

/// The type of a tensor's elements.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum Datatype {
    /// A truth value, one byte: 0 or 1.
    Bool,
    /// A signed integer of 8 bits.
    Int8,
    /// A signed integer of 16 bits.
    Int16,
    /// A signed integer of 32 bits.
    Int32,
    /// A signed integer of 64 bits.
    Int64,
    /// An unsigned integer of 8 bits.
    Uint8,
    /// An unsigned integer of 16 bits.
    Uint16,
    /// An unsigned integer of 32 bits.
    Uint32,
    /// An unsigned integer of 64 bits.
    Uint64,
    /// A float of 16 bits after IEEE 754.
    Fp16,
    /// The upper 16 bits of an `FP32`.
    Bf16,
    /// A float of 32 bits after IEEE 754.
    Fp32,
    /// A float of 64 bits after IEEE 754.
    Fp64,
    /// Bytes of any length; most often text in UTF-8.
    Bytes,
}

impl Datatype {
    /// Every datatype of the protocol.
    pub const ALL: [Self; 14] = [
        Self::Bool,
        Self::Int8,
        Self::Int16,
        Self::Int32,
        Self::Int64,
        Self::Uint8,
        Self::Uint16,
        Self::Uint32,
        Self::Uint64,
        Self::Fp16,
        Self::Bf16,
        Self::Fp32,
        Self::Fp64,
        Self::Bytes,
    ];

    /// The datatype of that name.
    ///
    /// # Errors
    /// There is none.
    pub fn named(name: &str) -> Result<Self, UnknownDatatype> {
        Self::ALL
            .into_iter()
            .find(|datatype| datatype.name() == name)
            .ok_or_else(|| UnknownDatatype(name.chars().take(32).collect()))
    }

    /// The protocol's name for it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Bool => "BOOL",
            Self::Int8 => "INT8",
            Self::Int16 => "INT16",
            Self::Int32 => "INT32",
            Self::Int64 => "INT64",
            Self::Uint8 => "UINT8",
            Self::Uint16 => "UINT16",
            Self::Uint32 => "UINT32",
            Self::Uint64 => "UINT64",
            Self::Fp16 => "FP16",
            Self::Bf16 => "BF16",
            Self::Fp32 => "FP32",
            Self::Fp64 => "FP64",
            Self::Bytes => "BYTES",
        }
    }

    /// The name that Triton's model configuration has for it.
    pub const fn configured(self) -> &'static str {
        match self {
            Self::Bool => "TYPE_BOOL",
            Self::Int8 => "TYPE_INT8",
            Self::Int16 => "TYPE_INT16",
            Self::Int32 => "TYPE_INT32",
            Self::Int64 => "TYPE_INT64",
            Self::Uint8 => "TYPE_UINT8",
            Self::Uint16 => "TYPE_UINT16",
            Self::Uint32 => "TYPE_UINT32",
            Self::Uint64 => "TYPE_UINT64",
            Self::Fp16 => "TYPE_FP16",
            Self::Bf16 => "TYPE_BF16",
            Self::Fp32 => "TYPE_FP32",
            Self::Fp64 => "TYPE_FP64",
            Self::Bytes => "TYPE_STRING",
        }
    }

    /// Bytes of one element in raw contents; `None` when each element tells its own length.
    pub const fn width(self) -> Option<usize> {
        match self {
            Self::Bool | Self::Int8 | Self::Uint8 => Some(1),
            Self::Int16 | Self::Uint16 | Self::Fp16 | Self::Bf16 => Some(2),
            Self::Int32 | Self::Uint32 | Self::Fp32 => Some(4),
            Self::Int64 | Self::Uint64 | Self::Fp64 => Some(8),
            Self::Bytes => None,
        }
    }
}

impl fmt::Display for Datatype {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A name that no datatype has.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected a datatype such as FP32, found `{0}`")]
pub struct UnknownDatatype(String);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_datatype_is_found_by_its_name_in_files_and_on_the_wire() {
        for datatype in Datatype::ALL {
            assert_eq!(Datatype::named(datatype.name()), Ok(datatype));
            assert_eq!(
                serde_json::to_string(&datatype).unwrap(),
                format!("\"{datatype}\"")
            );
        }
    }

    #[test]
    fn names_are_case_sensitive_and_long_nonsense_is_not_repeated_in_full() {
        assert_eq!(
            Datatype::named("fp32").unwrap_err().to_string(),
            "expected a datatype such as FP32, found `fp32`"
        );
        let nonsense = Datatype::named(&"x".repeat(1000)).unwrap_err();
        assert_eq!(nonsense, UnknownDatatype("x".repeat(32)));
    }
}
