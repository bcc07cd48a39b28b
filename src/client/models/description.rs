//! What a model takes and gives, as a server tells it: the names, types and shapes of its tensors.
//!
//! ```text
//! x FP32 [-1, 4] -> resnet, versions 1 and 2 -> y FP32 [-1, 2]
//! ```

use super::ModelService;
use crate::client::Error;

/// What a server says of a model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Description {
    /// Its name.
    pub name: String,
    /// The versions that can be asked; empty where the server does not tell them.
    pub versions: Vec<String>,
    /// What it runs on, in the server's words; empty where it does not tell.
    pub platform: String,
    /// What it takes; empty where the server does not tell, as `KServe` does not.
    pub inputs: Vec<TensorDescription>,
    /// What it gives; likewise.
    pub outputs: Vec<TensorDescription>,
}

/// What a server says of one tensor of a model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TensorDescription {
    /// Its name.
    pub name: String,
    /// The type of its elements in the server's words, such as `FP32`.
    pub datatype: String,
    /// Its lengths, outermost first; -1 is any length.
    pub shape: Vec<i64>,
}

impl ModelService<'_> {
    /// What the first endpoint in use that speaks the Open Inference Protocol says of a model. It is asked each time. Dropping
    /// the future cancels the call.
    ///
    /// # Errors
    /// [`Error::NotOffered`] when no endpoint in use can describe models, [`Error::Failed`], also for a model that there is
    /// not.
    pub async fn describe(self, name: &str) -> Result<Description, Error> {
        let order = self.repositories("describing a model")?;
        let deadline = self.client.deadline();
        let asked = self.call(&order, deadline, |transport| transport.describe(name));
        Ok(asked.await?)
    }

    /// Is a model ready for requests, by the word of the first endpoint in use? Over OpenAI's API it is when it is listed. A
    /// model that there is not is not ready. Dropping the future cancels the call.
    ///
    /// # Errors
    /// [`Error::Failed`] when the endpoint does not say.
    pub async fn is_ready(self, name: &str) -> Result<bool, Error> {
        let (order, deadline) = (self.client.route.positions(), self.client.deadline());
        let asked = self.call(order, deadline, |transport| transport.is_model_ready(name));
        Ok(asked.await?)
    }
}
