//! Kinds of API: GraphQL, REST. Knows no provider.

pub(crate) mod graphql;
pub(crate) mod json;
pub(crate) mod jwt;
pub(crate) mod paging;
pub(crate) mod rest;
