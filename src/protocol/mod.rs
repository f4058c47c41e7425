//! Kinds of API: GraphQL, REST and Connect, their JSON bodies, their pages, their tokens. Knows no provider.

pub(crate) mod connect;
pub(crate) mod graphql;
pub(crate) mod json;
pub(crate) mod jwt;
pub(crate) mod lenient;
pub(crate) mod paging;
pub(crate) mod rest;
pub(crate) mod subject;
pub(crate) mod text;
