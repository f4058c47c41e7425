import { buildSchema, GraphQLError, valueFromASTUntyped } from 'graphql'

// The part of Railway's API that this server models, with the names and types of Railway's schema (in its command line,
// `src/gql/schema.json`). A test compares it with the full schema if that is present. `templateId` and
// `templateServiceId` are left out on purpose: creates that sent them began to fail (computesdk, commit 17953d6d).
const PAGING = 'first: Int, after: String'

const connection = (name, node) => `
  type ${name} { edges: [${name}Edge!]! pageInfo: PageInfo! }
  type ${name}Edge { cursor: String! node: ${node}! }
`

const SDL = `
  scalar DateTime
  scalar EnvironmentVariables
  scalar JSON

  type Query {
    deployment(id: String!): Deployment!
    environment(id: String!, projectId: String): Environment!
    environments(projectId: String!, ${PAGING}): QueryEnvironmentsConnection!
    me: User!
    project(id: String!): Project!
    projectToken: ProjectToken!
    service(id: String!): Service!
    serviceInstance(environmentId: String!, serviceId: String!): ServiceInstance!
    variables(projectId: String!, environmentId: String!, serviceId: String, unrendered: Boolean): EnvironmentVariables!
  }

  type Mutation {
    serviceCreate(input: ServiceCreateInput!): Service!
    serviceDelete(id: String!, environmentId: String): Boolean!
    serviceInstanceDeployV2(environmentId: String!, serviceId: String!): String!
    serviceInstanceLimitsUpdate(input: ServiceInstanceLimitsUpdateInput!): Boolean!
    serviceInstanceUpdate(environmentId: String, input: ServiceInstanceUpdateInput!, serviceId: String!): Boolean!
    variableCollectionUpsert(input: VariableCollectionUpsertInput!): Boolean!
  }

  type PageInfo { hasNextPage: Boolean! endCursor: String }

  type User { id: ID! name: String email: String! }
  type ProjectToken { id: ID! projectId: String! environmentId: String! }

  type Project {
    id: ID! name: String! createdAt: DateTime! deletedAt: DateTime
    services(${PAGING}): ProjectServicesConnection!
    environments(${PAGING}): ProjectEnvironmentsConnection!
  }

  type Environment {
    id: ID! name: String! projectId: String! createdAt: DateTime! deletedAt: DateTime
    sourceEnvironment: Environment
    serviceInstances(${PAGING}): EnvironmentServiceInstancesConnection!
  }

  type Service { id: ID! name: String! projectId: String! createdAt: DateTime! deletedAt: DateTime }

  type ServiceInstance {
    id: ID! serviceId: String! serviceName: String! environmentId: String!
    createdAt: DateTime! deletedAt: DateTime
    service: Service! source: ServiceSource
    latestDeployment: Deployment startCommand: String numReplicas: Int
  }

  type ServiceSource { image: String repo: String }

  type Deployment {
    id: ID! status: DeploymentStatus! deploymentStopped: Boolean! url: String staticUrl: String
    serviceId: String environmentId: String! projectId: String!
  }

  enum DeploymentStatus {
    BUILDING CRASHED DEPLOYING FAILED INITIALIZING NEEDS_APPROVAL QUEUED REMOVED REMOVING SKIPPED SLEEPING SUCCESS WAITING
  }
  enum RestartPolicyType { ALWAYS NEVER ON_FAILURE }
  enum Builder { HEROKU NIXPACKS PAKETO RAILPACK }

  input ServiceCreateInput {
    projectId: String! environmentId: String name: String
    source: ServiceSourceInput registryCredentials: RegistryCredentialsInput variables: EnvironmentVariables
  }
  input ServiceSourceInput { image: String repo: String }
  input RegistryCredentialsInput { username: String! password: String! }
  input ServiceInstanceLimitsUpdateInput { environmentId: String! serviceId: String! memoryGB: Float vCPUs: Float }
  input ServiceInstanceUpdateInput {
    buildCommand: String builder: Builder cronSchedule: String dockerfilePath: String drainingSeconds: Int
    healthcheckPath: String healthcheckTimeout: Int ipv6EgressEnabled: Boolean multiRegionConfig: JSON
    nixpacksPlan: JSON numReplicas: Int overlapSeconds: Int preDeployCommand: [String!] railwayConfigFile: String
    region: String registryCredentials: RegistryCredentialsInput restartPolicyMaxRetries: Int
    restartPolicyType: RestartPolicyType rootDirectory: String sleepApplication: Boolean source: ServiceSourceInput
    startCommand: String watchPatterns: [String!]
  }
  input VariableCollectionUpsertInput {
    projectId: String! environmentId: String! serviceId: String variables: EnvironmentVariables!
    replace: Boolean = false skipDeploys: Boolean = false
  }

  ${connection('QueryEnvironmentsConnection', 'Environment')}
  ${connection('ProjectEnvironmentsConnection', 'Environment')}
  ${connection('ProjectServicesConnection', 'Service')}
  ${connection('EnvironmentServiceInstancesConnection', 'ServiceInstance')}
`

/** The schema with which requests are executed. */
export const schema = buildSchema(SDL)

// On write a JSON object from name to string (Railway's command line, `src/gql/mutations/mod.rs`).
const variables = schema.getType('EnvironmentVariables')
variables.parseValue = (value) => {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) {
    throw new GraphQLError('EnvironmentVariables must be an object')
  }
  for (const [name, text] of Object.entries(value)) {
    if (typeof text !== 'string') throw new GraphQLError(`EnvironmentVariables value of "${name}" must be a string`)
  }
  return { ...value }
}
variables.parseLiteral = (node, values) => variables.parseValue(valueFromASTUntyped(node, values))
