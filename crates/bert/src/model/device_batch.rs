//! A batch as tensors on a device.

use tch::{Device, TchError, Tensor};
use tunewise_data::{Batch, BatchTargets};

use crate::Result;
use crate::error::Context;

/// A [`Batch`] uploaded: the only copy from host to device.
#[derive(Debug)]
pub struct DeviceBatch {
    /// `[batch, seq]` i64.
    pub input_ids: Tensor,
    /// `[batch, seq]` i64.
    pub token_type_ids: Tensor,
    /// `[batch, 1, 1, seq]` bool, true at real tokens; absent where nothing is padded.
    pub attention_mask: Option<Tensor>,
    /// `[batch]` i64 classes, or f32 `[batch, num_labels]`; absent without labels.
    pub labels: Option<Tensor>,
}

impl DeviceBatch {
    /// Copies `batch` to `device`.
    ///
    /// # Errors
    /// [`crate::Error::Torch`], such as out of memory on the device.
    pub fn upload(batch: &Batch, device: Device) -> Result<Self> {
        let (rows, seq) = (batch.len() as i64, batch.seq_len as i64);
        let matrix = |ids: &[i64]| {
            Tensor::f_from_slice(ids)
                .and_then(|t| t.f_view([rows, seq]))
                .and_then(|t| send(&t, device))
                .at("upload")
        };
        let attention_mask = if batch.padded {
            let keep = matrix(&batch.attention_mask)?;
            Some(
                keep.f_ne(0)
                    .and_then(|keep| keep.f_view([rows, 1, 1, seq]))
                    .at("attention mask")?,
            )
        } else {
            None
        };
        Ok(Self {
            input_ids: matrix(&batch.input_ids)?,
            token_type_ids: matrix(&batch.token_type_ids)?,
            attention_mask,
            labels: targets_tensor(&batch.targets, rows, device)?,
        })
    }
}

/// To CUDA through pinned memory, so that the host need not wait for the copy.
fn send(tensor: &Tensor, device: Device) -> Result<Tensor, TchError> {
    if !device.is_cuda() {
        return tensor.f_to_device(device);
    }
    tensor.f_pin_memory(device)?.f_to_device_(device, tensor.kind(), true, false)
}

/// Targets as [`DeviceBatch::labels`].
pub(crate) fn targets_tensor(
    targets: &BatchTargets,
    rows: i64,
    device: Device,
) -> Result<Option<Tensor>> {
    let labels = match targets {
        BatchTargets::None => return Ok(None),
        BatchTargets::Classes(classes) => Tensor::f_from_slice(classes),
        BatchTargets::MultiHot(values) | BatchTargets::Values(values) => {
            Tensor::f_from_slice(values).and_then(|t| t.f_view([rows, -1]))
        }
    };
    labels.and_then(|labels| send(&labels, device)).at("upload labels").map(Some)
}
