//! An operation that is offered: AWS's name, and the function that answers an authorized call.

use std::future::Future;
use std::pin::Pin;

use fleetwright_core::authorization::Authorized;

use crate::Control;
use crate::error::ApiError;

/// An operation under way.
pub(crate) type Running<'a, A> = Pin<Box<dyn Future<Output = Result<A, ApiError>> + Send + 'a>>;

/// An operation on calls of the protocol `C`, which answers with `A`.
pub(crate) struct Operation<C: 'static, A: 'static> {
    /// AWS's name.
    pub(crate) name: &'static str,
    run: for<'a> fn(&'a Control, &'a Authorized<C>) -> Running<'a, A>,
}

impl<C, A> Operation<C, A> {
    /// The table's entry; see [`operation!`].
    pub(crate) const fn new(
        name: &'static str,
        run: for<'a> fn(&'a Control, &'a Authorized<C>) -> Running<'a, A>,
    ) -> Self {
        Self { name, run }
    }

    /// Runs the operation on a call that its caller may make.
    ///
    /// # Errors
    /// The operation's own.
    pub(crate) async fn answer(
        &self,
        control: &Control,
        call: &Authorized<C>,
    ) -> Result<A, ApiError> {
        (self.run)(control, call).await
    }
}

/// The table's entry of an operation: AWS's name, the function that runs it, and the
/// argument of a function that several operations share.
macro_rules! operation {
    ($name:literal, $run:ident $(, $of:expr)?) => {
        crate::operation::Operation::new($name, |control, call| {
            Box::pin($run(control, call $(, $of)?))
        })
    };
}
pub(crate) use operation;

#[cfg(test)]
mod tests;
