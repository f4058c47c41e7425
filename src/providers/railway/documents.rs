//! The documents that are sent to Railway. Each has one root field, because an error in one sets all of `data` to null
//! (docs/providers/railway.md).

use crate::protocol::graphql::Document;

pub(super) const SERVICE_CREATE: Document = Document {
    name: "ServiceCreate",
    text: "mutation ServiceCreate($input: ServiceCreateInput!) { serviceCreate(input: $input) { id name projectId createdAt } }",
};

pub(super) const SERVICE_DELETE: Document = Document {
    name: "ServiceDelete",
    text: "mutation ServiceDelete($id: String!, $environmentId: String) { serviceDelete(id: $id, environmentId: $environmentId) }",
};

pub(super) const SERVICE: Document = Document {
    name: "Service",
    text: "query Service($id: String!) { service(id: $id) { id name projectId createdAt deletedAt } }",
};

pub(super) const SERVICES: Document = Document {
    name: "Project",
    text: "query Project($projectId: String!, $first: Int!, $after: String) { project(id: $projectId) { \
           services(first: $first, after: $after) { edges { node { id name projectId createdAt deletedAt } } \
           pageInfo { hasNextPage endCursor } } } }",
};

pub(super) const SERVICE_INSTANCE: Document = Document {
    name: "ServiceInstance",
    text: "query ServiceInstance($environmentId: String!, $serviceId: String!) { \
           serviceInstance(environmentId: $environmentId, serviceId: $serviceId) { \
           serviceId serviceName environmentId createdAt deletedAt source { image repo } service { projectId deletedAt } \
           latestDeployment { id status url staticUrl deploymentStopped } } }",
};

pub(super) const SERVICE_INSTANCES: Document = Document {
    name: "Environment",
    text: "query Environment($environmentId: String!, $projectId: String!, $first: Int!, $after: String) { \
           environment(id: $environmentId, projectId: $projectId) { projectId deletedAt \
           serviceInstances(first: $first, after: $after) { edges { node { \
           serviceId serviceName environmentId createdAt deletedAt source { image repo } \
           latestDeployment { id status url staticUrl deploymentStopped } } } pageInfo { hasNextPage endCursor } } } }",
};

pub(super) const VARIABLES: Document = Document {
    name: "Variables",
    text: "query Variables($projectId: String!, $environmentId: String!, $serviceId: String!) { \
           variables(projectId: $projectId, environmentId: $environmentId, serviceId: $serviceId, unrendered: true) }",
};

pub(super) const ENVIRONMENTS: Document = Document {
    name: "Environments",
    text: "query Environments($projectId: String!, $first: Int!, $after: String) { \
           environments(projectId: $projectId, first: $first, after: $after) { \
           edges { node { id deletedAt sourceEnvironment { id } } } pageInfo { hasNextPage endCursor } } }",
};

pub(super) const SERVICE_INSTANCE_UPDATE: Document = Document {
    name: "ServiceInstanceUpdate",
    text: "mutation ServiceInstanceUpdate($serviceId: String!, $environmentId: String!, $input: ServiceInstanceUpdateInput!) { \
           serviceInstanceUpdate(serviceId: $serviceId, environmentId: $environmentId, input: $input) }",
};

pub(super) const SERVICE_INSTANCE_LIMITS_UPDATE: Document = Document {
    name: "ServiceInstanceLimitsUpdate",
    text: "mutation ServiceInstanceLimitsUpdate($input: ServiceInstanceLimitsUpdateInput!) { serviceInstanceLimitsUpdate(input: $input) }",
};

pub(super) const VARIABLE_COLLECTION_UPSERT: Document = Document {
    name: "VariableCollectionUpsert",
    text: "mutation VariableCollectionUpsert($input: VariableCollectionUpsertInput!) { variableCollectionUpsert(input: $input) }",
};

pub(super) const SERVICE_INSTANCE_DEPLOY: Document = Document {
    name: "ServiceInstanceDeployV2",
    text: "mutation ServiceInstanceDeployV2($serviceId: String!, $environmentId: String!) { \
           serviceInstanceDeployV2(serviceId: $serviceId, environmentId: $environmentId) }",
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_need_no_escapes() {
        let documents = [
            &SERVICE_CREATE,
            &SERVICE_DELETE,
            &SERVICE,
            &SERVICES,
            &SERVICE_INSTANCE,
            &SERVICE_INSTANCES,
            &VARIABLES,
            &ENVIRONMENTS,
            &SERVICE_INSTANCE_UPDATE,
            &SERVICE_INSTANCE_LIMITS_UPDATE,
            &VARIABLE_COLLECTION_UPSERT,
            &SERVICE_INSTANCE_DEPLOY,
        ];
        // As many as this file declares.
        let source = include_str!("documents.rs");
        assert_eq!(source.matches(": Document = Document {").count(), documents.len() + 1);
        for document in documents {
            assert!(document.is_plain(), "{}", document.name);
            let body = document.body(serde_json::json!({ "id": "a\"b" })).unwrap();
            let body: serde_json::Value = serde_json::from_slice(&body).unwrap();
            assert_eq!(body["query"], document.text);
            assert_eq!(body["operationName"], document.name);
            assert_eq!(body["variables"]["id"], "a\"b");
        }
    }
}
