//! What is kept between runs, in a folder that the caller names. Failing to keep something ends no run: the caller
//! says so and goes on.

pub(crate) mod last;
