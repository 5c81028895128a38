//! AWS IoT's operations, a file per resource: each operation is a function, and a line in the
//! file's `OPERATIONS`. Method and path come from the service
//! model's operations and our own in `known_operations.txt`.

mod absent;
mod attributes;
mod audit;
mod authorizers;
mod billing_groups;
mod ca_certificates;
mod ca_registration;
mod certificate_providers;
mod certificate_transfers;
mod certificates;
mod connections;
mod console_links;
mod default_authorizer;
mod domain_configurations;
mod domain_members;
mod dynamic_thing_groups;
mod effective_policies;
mod endpoint;
mod event_configurations;
mod function_logs;
mod functions;
mod hook_test;
mod index_aggregations;
mod index_query;
mod index_search;
mod indexing_configuration;
mod job_documents;
mod job_executions;
mod job_members;
mod job_shapes;
mod job_templates;
mod jobs;
mod logging;
mod named;
mod new_certificates;
mod policies;
mod policy_attachments;
mod policy_versions;
mod provisioning;
mod provisioning_templates;
mod registration_tasks;
mod role_aliases;
mod root_certificate;
mod tagging;
mod template_lints;
mod template_members;
mod template_versions;
mod test_authorization;
mod test_invoke_authorizer;
mod thing_group_members;
mod thing_groups;
mod thing_principals;
mod thing_types;
mod things;

use crate::rest::Offer;

/// What is offered.
pub(crate) static OFFER: Offer = Offer::new(
    include_str!("known_operations.txt"),
    &[
        absent::OPERATIONS,
        audit::OPERATIONS,
        authorizers::OPERATIONS,
        billing_groups::OPERATIONS,
        ca_certificates::OPERATIONS,
        ca_registration::OPERATIONS,
        certificate_providers::OPERATIONS,
        certificate_transfers::OPERATIONS,
        certificates::OPERATIONS,
        connections::OPERATIONS,
        console_links::OPERATIONS,
        default_authorizer::OPERATIONS,
        domain_configurations::OPERATIONS,
        dynamic_thing_groups::OPERATIONS,
        effective_policies::OPERATIONS,
        endpoint::OPERATIONS,
        event_configurations::OPERATIONS,
        function_logs::OPERATIONS,
        hook_test::OPERATIONS,
        index_aggregations::OPERATIONS,
        index_search::OPERATIONS,
        indexing_configuration::OPERATIONS,
        job_executions::OPERATIONS,
        job_templates::OPERATIONS,
        jobs::OPERATIONS,
        logging::OPERATIONS,
        new_certificates::OPERATIONS,
        policies::OPERATIONS,
        policy_attachments::OPERATIONS,
        policy_versions::OPERATIONS,
        provisioning::OPERATIONS,
        provisioning_templates::OPERATIONS,
        registration_tasks::OPERATIONS,
        role_aliases::OPERATIONS,
        root_certificate::OPERATIONS,
        tagging::OPERATIONS,
        template_versions::OPERATIONS,
        test_authorization::OPERATIONS,
        test_invoke_authorizer::OPERATIONS,
        thing_group_members::OPERATIONS,
        thing_groups::OPERATIONS,
        thing_principals::OPERATIONS,
        thing_types::OPERATIONS,
        things::OPERATIONS,
    ],
);
