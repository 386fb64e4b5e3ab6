//! An operation without the type of its result, so that the retry loop is compiled only once.

use std::cell::RefCell;

use crate::error::Result;
use crate::model::{PartNumber, Target};
use crate::ops::{Effect, Operation, ResponseTimeout, RetrySafety};
use crate::wire::{Request, Response, ServiceError};

/// An [`Operation`] that keeps its result.
pub(super) trait ErasedOperation {
    fn name(&self) -> &'static str;
    fn effect(&self) -> Effect;
    fn request(&self) -> Result<Request>;
    /// Parses a successful response, and keeps the result.
    fn parse(&self, response: &Response) -> Result<()>;
    fn retry_safety(&self) -> RetrySafety;
    /// Keeps the result if an error response shows that an earlier attempt succeeded; returns whether
    /// it does.
    fn keep_result_of_earlier_attempt(
        &self,
        refusal: &ServiceError,
        is_retry: bool,
        check: &dyn Fn() -> Result<()>,
    ) -> bool;
    fn refused_by_own_effect(&self, refusal: &ServiceError) -> bool;
    fn response_timeout(&self) -> ResponseTimeout;
    fn presigned_target(&self) -> Option<&Target>;
    fn part_number(&self) -> Option<PartNumber>;
    fn upload_id(&self) -> &str;
}

/// An operation and its result.
pub(super) struct OperationWithResult<'a, O: Operation> {
    operation: &'a O,
    result: RefCell<Option<O::Output>>,
}

impl<'a, O: Operation> OperationWithResult<'a, O> {
    pub(super) fn new(operation: &'a O) -> Self {
        Self { operation, result: RefCell::new(None) }
    }

    /// Returns the result of the last success.
    pub(super) fn into_result(self) -> Option<O::Output> {
        self.result.into_inner()
    }
}

impl<O: Operation> ErasedOperation for OperationWithResult<'_, O> {
    fn name(&self) -> &'static str {
        O::NAME
    }

    fn effect(&self) -> Effect {
        O::EFFECT
    }

    fn request(&self) -> Result<Request> {
        self.operation.request()
    }

    fn parse(&self, response: &Response) -> Result<()> {
        self.result.replace(Some(self.operation.parse(response)?));
        Ok(())
    }

    fn retry_safety(&self) -> RetrySafety {
        self.operation.retry_safety()
    }

    fn keep_result_of_earlier_attempt(
        &self,
        refusal: &ServiceError,
        is_retry: bool,
        check: &dyn Fn() -> Result<()>,
    ) -> bool {
        let found = self.operation.result_of_earlier_attempt(refusal, is_retry, check);
        let is_found = found.is_some();
        if is_found {
            self.result.replace(found);
        }
        is_found
    }

    fn refused_by_own_effect(&self, refusal: &ServiceError) -> bool {
        self.operation.refused_by_own_effect(refusal)
    }

    fn response_timeout(&self) -> ResponseTimeout {
        self.operation.response_timeout()
    }

    fn presigned_target(&self) -> Option<&Target> {
        self.operation.presigned_target()
    }

    fn part_number(&self) -> Option<PartNumber> {
        self.operation.part_number()
    }

    fn upload_id(&self) -> &str {
        self.operation.upload_id()
    }
}
