//! What models are and what was counted of them, as messages: `ModelConfig { name: "resnet", input: [ { name: "x",
//! data_type: TYPE_FP32, dims: [-1, 4] } ], .. }`.

use crate::protocol::oip::{ModelFigures, PLATFORM, VERSION};
use crate::signature::Signature;
use crate::spec::TensorSpec;
use crate::statistics::Cumulated;
use crate::tensor::Datatype;
use inferometer_proto::inference::{
    DataType, InferBatchStatistics, InferStatistics, ModelConfig, ModelInput, ModelOutput,
    ModelStatistics, StatisticDuration,
};

/// How a model is configured. Shapes are whole, batch included, as Triton has it for a model without batching of its own.
pub(super) fn configuration(name: &str, signature: &Signature) -> ModelConfig {
    let input = |spec: &TensorSpec| ModelInput {
        name: spec.name.clone(),
        data_type: data_type(spec.datatype).into(),
        dims: spec.shape.clone(),
    };
    let output = |spec: &TensorSpec| ModelOutput {
        name: spec.name.clone(),
        data_type: data_type(spec.datatype).into(),
        dims: spec.shape.clone(),
    };
    ModelConfig {
        name: name.to_owned(),
        platform: PLATFORM.to_owned(),
        max_batch_size: 0,
        input: signature.inputs.iter().map(input).collect(),
        output: signature.outputs.iter().map(output).collect(),
    }
}

/// What was counted of a model.
pub(super) fn statistics(model: ModelFigures) -> ModelStatistics {
    let figures = model.figures;
    let answered = figures.success.count;
    // Taking tensors in and out takes no time of its own, and nothing is cached.
    let at_once = Cumulated {
        count: answered,
        ns: 0,
    };
    let batch = InferBatchStatistics {
        batch_size: 1,
        compute_input: told(at_once),
        compute_infer: told(figures.compute),
        compute_output: told(at_once),
    };
    ModelStatistics {
        name: model.name,
        version: VERSION.to_owned(),
        last_inference: model.last_inference,
        inference_count: answered,
        execution_count: answered,
        inference_stats: Some(InferStatistics {
            success: told(figures.success),
            fail: told(figures.fail),
            queue: told(figures.queue),
            compute_input: told(at_once),
            compute_infer: told(figures.compute),
            compute_output: told(at_once),
            cache_hit: told(Cumulated::default()),
            cache_miss: told(Cumulated::default()),
        }),
        batch_stats: (answered > 0).then_some(batch).into_iter().collect(),
    }
}

#[expect(
    clippy::unnecessary_wraps,
    reason = "every message within a message is optional"
)]
fn told(Cumulated { count, ns }: Cumulated) -> Option<StatisticDuration> {
    Some(StatisticDuration { count, ns })
}

fn data_type(datatype: Datatype) -> DataType {
    match datatype {
        Datatype::Bool => DataType::TypeBool,
        Datatype::Int8 => DataType::TypeInt8,
        Datatype::Int16 => DataType::TypeInt16,
        Datatype::Int32 => DataType::TypeInt32,
        Datatype::Int64 => DataType::TypeInt64,
        Datatype::Uint8 => DataType::TypeUint8,
        Datatype::Uint16 => DataType::TypeUint16,
        Datatype::Uint32 => DataType::TypeUint32,
        Datatype::Uint64 => DataType::TypeUint64,
        Datatype::Fp16 => DataType::TypeFp16,
        Datatype::Bf16 => DataType::TypeBf16,
        Datatype::Fp32 => DataType::TypeFp32,
        Datatype::Fp64 => DataType::TypeFp64,
        Datatype::Bytes => DataType::TypeString,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_datatype_has_the_name_that_it_has_over_rest() {
        for datatype in Datatype::ALL {
            assert_eq!(data_type(datatype).as_str_name(), datatype.configured());
        }
    }
}
