//! The few protocol buffers that an event file needs, with TensorBoard's field numbers.
//!
//! # Reference
//! `tensorboard/compat/proto/{event,summary,tensor}.proto` and
//! `tensorboard/plugins/hparams/{api,plugin_data}.proto` of TensorBoard 2.21.

use std::collections::BTreeMap;

use prost::Message;

#[derive(Clone, PartialEq, Message)]
pub(super) struct Event {
    /// Seconds since 1970.
    #[prost(double, tag = "1")]
    pub(super) wall_time: f64,
    #[prost(int64, tag = "2")]
    pub(super) step: i64,
    #[prost(string, optional, tag = "3")]
    pub(super) file_version: Option<String>,
    #[prost(message, optional, tag = "5")]
    pub(super) summary: Option<Summary>,
    #[prost(message, optional, tag = "7")]
    pub(super) session_log: Option<SessionLog>,
}

/// Says that steps from the event's on are written anew.
#[derive(Clone, PartialEq, Message)]
pub(super) struct SessionLog {
    #[prost(int32, tag = "1")]
    pub(super) status: i32,
}

impl SessionLog {
    pub(super) const START: i32 = 1;
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct Summary {
    #[prost(message, repeated, tag = "1")]
    pub(super) value: Vec<Value>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct Value {
    #[prost(string, tag = "1")]
    pub(super) tag: String,
    #[prost(float, optional, tag = "2")]
    pub(super) simple_value: Option<f32>,
    #[prost(message, optional, tag = "8")]
    pub(super) tensor: Option<TensorProto>,
    #[prost(message, optional, tag = "9")]
    pub(super) metadata: Option<SummaryMetadata>,
}

impl Value {
    pub(super) fn scalar(tag: &str, value: f64) -> Self {
        Self { tag: tag.to_owned(), simple_value: Some(value as f32), ..Self::default() }
    }

    /// Markdown.
    pub(super) fn text(tag: &str, text: &str) -> Self {
        let tensor = TensorProto {
            dtype: TensorProto::STRING,
            tensor_shape: Some(TensorShape { dim: vec![Dim { size: 1 }] }),
            string_val: vec![text.as_bytes().to_vec()],
        };
        let metadata = SummaryMetadata::of_plugin("text", Vec::new());
        Self {
            tag: tag.to_owned(),
            tensor: Some(tensor),
            metadata: Some(metadata),
            ..Self::default()
        }
    }

    pub(super) fn hparams(tag: &str, data: &HParamsPluginData) -> Self {
        let metadata = SummaryMetadata::of_plugin("hparams", data.encode_to_vec());
        Self { tag: tag.to_owned(), metadata: Some(metadata), ..Self::default() }
    }
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct SummaryMetadata {
    #[prost(message, optional, tag = "1")]
    pub(super) plugin_data: Option<PluginData>,
}

impl SummaryMetadata {
    fn of_plugin(name: &str, content: Vec<u8>) -> Self {
        Self { plugin_data: Some(PluginData { plugin_name: name.to_owned(), content }) }
    }
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct PluginData {
    #[prost(string, tag = "1")]
    pub(super) plugin_name: String,
    #[prost(bytes, tag = "2")]
    pub(super) content: Vec<u8>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct TensorProto {
    #[prost(int32, tag = "1")]
    pub(super) dtype: i32,
    #[prost(message, optional, tag = "2")]
    pub(super) tensor_shape: Option<TensorShape>,
    #[prost(bytes, repeated, tag = "8")]
    pub(super) string_val: Vec<Vec<u8>>,
}

impl TensorProto {
    const STRING: i32 = 7;
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct TensorShape {
    #[prost(message, repeated, tag = "2")]
    pub(super) dim: Vec<Dim>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct Dim {
    #[prost(int64, tag = "1")]
    pub(super) size: i64,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct HParamsPluginData {
    #[prost(int32, tag = "1")]
    pub(super) version: i32,
    #[prost(message, optional, tag = "2")]
    pub(super) experiment: Option<Experiment>,
    #[prost(message, optional, tag = "3")]
    pub(super) session_start_info: Option<SessionStartInfo>,
    #[prost(message, optional, tag = "4")]
    pub(super) session_end_info: Option<SessionEndInfo>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct Experiment {
    #[prost(double, tag = "3")]
    pub(super) time_created_secs: f64,
    #[prost(message, repeated, tag = "4")]
    pub(super) hparam_infos: Vec<HParamInfo>,
    #[prost(message, repeated, tag = "5")]
    pub(super) metric_infos: Vec<MetricInfo>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct HParamInfo {
    #[prost(string, tag = "1")]
    pub(super) name: String,
    #[prost(int32, tag = "4")]
    pub(super) kind: i32,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct MetricInfo {
    #[prost(message, optional, tag = "1")]
    pub(super) name: Option<MetricName>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct MetricName {
    #[prost(string, tag = "2")]
    pub(super) tag: String,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct SessionStartInfo {
    #[prost(btree_map = "string, message", tag = "1")]
    pub(super) hparams: BTreeMap<String, HParam>,
    #[prost(double, tag = "5")]
    pub(super) start_time_secs: f64,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct SessionEndInfo {
    #[prost(int32, tag = "1")]
    pub(super) status: i32,
    #[prost(double, tag = "2")]
    pub(super) end_time_secs: f64,
}

/// `google.protobuf.Value`, without its lists and structures; one field is set.
#[derive(Clone, PartialEq, Message)]
pub(super) struct HParam {
    #[prost(double, optional, tag = "2")]
    pub(super) number: Option<f64>,
    #[prost(string, optional, tag = "3")]
    pub(super) text: Option<String>,
    #[prost(bool, optional, tag = "4")]
    pub(super) boolean: Option<bool>,
}

impl HParam {
    /// TensorBoard's `DataType`.
    pub(super) fn data_type(&self) -> i32 {
        match (&self.text, self.boolean) {
            (Some(_), _) => 1,
            (None, Some(_)) => 2,
            (None, None) => 3,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EXPECTED: &str = include_str!("../../../../tests/fixtures/tensorboard/events.hex");

    fn at(step: i64) -> Event {
        Event { wall_time: 1.5, step, ..Event::default() }
    }

    fn of(step: i64, value: Value) -> Event {
        Event { summary: Some(Summary { value: vec![value] }), ..at(step) }
    }

    fn experiment() -> HParamsPluginData {
        let experiment = Experiment {
            time_created_secs: 2.5,
            hparam_infos: vec![HParamInfo { name: "batching".to_owned(), kind: 1 }],
            metric_infos: vec![MetricInfo {
                name: Some(MetricName { tag: "eval/loss".to_owned() }),
            }],
        };
        HParamsPluginData { experiment: Some(experiment), ..HParamsPluginData::default() }
    }

    fn start() -> HParamsPluginData {
        let hparams = [
            ("learning_rate", HParam { number: Some(2e-5), ..HParam::default() }),
            ("no_shuffle", HParam { boolean: Some(false), ..HParam::default() }),
            ("batching", HParam { text: Some("longest".to_owned()), ..HParam::default() }),
        ];
        let hparams = hparams.map(|(name, value)| (name.to_owned(), value)).into();
        let start = SessionStartInfo { hparams, start_time_secs: 2.5 };
        HParamsPluginData { session_start_info: Some(start), ..HParamsPluginData::default() }
    }

    // Expected from TensorBoard 2.21, `tests/fixtures/tensorboard/gen_events.py`.
    #[test]
    fn every_event_is_tensorboards_to_the_byte() {
        let end = SessionEndInfo { status: 1, end_time_secs: 3.5 };
        let end = HParamsPluginData { session_end_info: Some(end), ..Default::default() };
        let log = SessionLog { status: SessionLog::START };
        let events = [
            Event { file_version: Some("brain.Event:2".to_owned()), ..at(0) },
            Event { session_log: Some(log), ..at(8) },
            of(7, Value::scalar("train/loss", 0.25)),
            of(7, Value::text("eval/report", "负 report")),
            of(0, Value::hparams("_hparams_/experiment", &experiment())),
            of(0, Value::hparams("_hparams_/session_start_info", &start())),
            of(9, Value::hparams("_hparams_/session_end_info", &end)),
        ];
        assert_eq!(EXPECTED.lines().count(), events.len());
        for (event, expected) in events.iter().zip(EXPECTED.lines()) {
            let got: String = event.encode_to_vec().iter().map(|b| format!("{b:02x}")).collect();
            assert_eq!(got, expected, "{event:?}");
        }
    }
}
