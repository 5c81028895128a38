//! The registry's contract: one suite, run on every database that the registry runs on.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod attachments;
mod ca_certificates;
mod certificates;
mod claims;
mod configuration;
mod connection_numbers;
mod effective;
mod events;
mod fleet_index;
mod functions;
mod groups;
mod jobs;
mod logging;
mod policies;
mod principals;
mod recording;
mod registration;
mod registration_tasks;
mod retained;
mod rollback;
mod sessions;
mod shadows;
mod support;
mod templates;
mod things;
mod tokens;
mod transfers;

/// Every case as a test of every database.
macro_rules! contract {
    ($($module:ident { $($case:ident)* })*) => {
        mod sqlite {
            $(
                mod $module {
                    $(
                        #[test]
                        fn $case() {
                            crate::support::run(crate::support::Registry::sqlite(), crate::$module::$case);
                        }
                    )*
                }
            )*
        }
    };
}

contract! {
    shadows {
        a_shadow_is_what_its_last_update_made
        a_deleted_shadow_is_remembered_for_two_days
        named_shadows_are_bounded_and_listed
        nothing_is_written_for_a_certificate_that_is_off
    }
    jobs {
        a_job_is_over_when_its_executions_are
        jobs_are_refused_that_cannot_be
        a_cancelled_job_takes_its_executions_along
        time_runs_out_for_what_is_in_progress
        a_notice_outlives_a_crash
        a_continuous_job_follows_its_group
    }
    sessions {
        a_session_is_resumed_by_the_next_connection
        a_session_is_over_at_its_time_and_with_another_protocol_level
        an_earlier_connection_changes_nothing
        messages_wait_in_their_order_until_they_are_taken
        a_full_queue_drops_what_is_configured
        a_page_of_a_queue_has_a_bound_in_bytes
        a_group_queue_is_served_by_its_members
        after_a_start_whoever_was_connected_waits
    }
    fleet_index {
        what_is_looked_for_narrowly_is_what_a_whole_look_finds
        one_call_looks_at_a_bounded_number_of_things
        a_large_fleet_enters_its_groups_in_steps
        a_change_of_many_things_at_once_is_followed
        what_is_told_late_of_an_earlier_connection_is_too_late
        a_registration_that_replaces_groups_leaves_dynamic_ones_alone
        a_refused_write_moves_nobody
    }
    attachments {
        the_eleventh_policy_of_a_certificate_is_refused
        the_third_policy_of_a_group_is_refused
        attaching_and_detaching_twice_is_harmless
        attached_policies_of_a_group_include_its_ancestors_when_asked
        targets_of_a_policy_are_certificates_then_groups
    }
    ca_certificates {
        a_ca_is_found_whole
        a_ca_is_registered_once
        the_eleventh_ca_with_a_subject_is_refused
        an_update_changes_what_it_names
        an_active_ca_is_not_deleted
        an_inactive_ca_registers_nothing
        cas_are_listed_both_ways_and_by_template
        certificates_of_a_ca_are_listed
        a_template_that_a_ca_uses_is_not_deleted
        the_registration_code_stays_until_it_is_deleted
    }
    certificates {
        an_issued_certificate_is_found_whole
        an_unknown_issuance_is_refused
        a_second_registration_is_refused_with_its_arn
        a_status_moves_by_the_rules
        an_active_certificate_is_not_deleted
        a_certificate_with_policies_is_deleted_by_force_only
        a_certificate_with_a_thing_is_never_deleted
        certificates_are_listed_both_ways
        row_numbers_are_never_used_twice
        one_tbs_certificate_is_one_certificate
        what_was_revoked_and_deleted_does_not_come_back_just_in_time
        certificates_of_before_are_read_and_twins_found
    }
    claims {
        the_device_after_a_claims_last_is_refused
        a_known_device_is_not_counted_again
        changed_terms_keep_the_count
        a_claim_that_is_gone_or_expired_registers_nothing
        a_claim_switched_off_meanwhile_is_granted_nothing
        a_claim_switched_off_is_not_answered_again
        a_device_switched_off_by_its_rotation_hook_is_renewed
        a_certificate_that_no_longer_waits_is_not_provisioned
        a_trusted_users_claim_is_never_listed_nor_named
        a_trusted_users_claim_is_deleted_when_it_ends
    }
    configuration {
        a_role_alias_is_kept_changed_and_deleted
        the_101st_role_alias_is_refused
        the_33rd_active_authorizer_is_refused
        an_authorizer_in_use_is_not_deleted
        there_is_one_certificate_provider
        a_domain_configuration_is_deleted_once_disabled
        the_eleventh_domain_configuration_is_refused
    }
    connection_numbers {
        no_number_is_reserved_twice
        numbers_stay_exact_in_json
    }
    effective {
        a_thing_binds_by_its_name_when_attached
        an_unattached_thing_does_not_bind
        an_exclusive_thing_binds_whatever_the_client_id
        a_bound_things_type_says_what_travels_with_its_messages
        policies_of_a_things_groups_and_their_ancestors_apply
        a_new_default_version_applies
    }
    events {
        things_and_their_types_are_told
        groups_and_their_members_are_told
        members_of_dynamic_groups_are_told_with_the_change_that_moves_them
        certificates_and_policies_are_told
        a_registration_and_billing_groups_are_told
        only_the_kinds_that_are_on_are_told
        a_large_groups_members_are_told_over_several_commits
        events_wait_on_disk_for_the_next_start
    }
    functions {
        a_function_is_found_as_it_was_made
        a_function_is_made_once
        a_change_of_another_revision_is_refused
        a_published_version_never_changes
        a_version_is_published_when_something_changed
        a_version_is_published_of_the_code_that_was_meant
        code_is_kept_once_and_goes_with_its_last_version
        a_function_goes_with_all_that_is_its_own
        an_alias_leads_to_its_version
        a_version_that_an_alias_needs_stays
        an_alias_of_two_versions_shares_invocations
        a_revision_holds_what_it_takes_to_run
        a_policy_is_that_of_its_qualifier
        a_permission_is_taken_back
        a_policy_beyond_its_bytes_is_refused
        functions_versions_and_aliases_are_listed_in_pages
        reserved_concurrency_leaves_some_for_the_others
    }
    groups {
        an_equal_group_is_answered_and_a_different_one_refused
        the_eighth_level_is_refused
        the_hundred_and_first_child_is_refused
        the_eleventh_group_of_a_thing_is_refused
        two_groups_of_one_hierarchy_are_refused
        a_group_with_children_is_not_deleted
        groups_are_listed_by_parent_and_prefix
        things_of_a_group_are_listed_with_those_below
        groups_of_a_thing_change_all_or_not_at_all
        billing_groups_hold_things_until_they_go
    }
    logging {
        options_are_unset_until_they_are_set
        levels_of_targets_are_listed_by_kind_and_name
        so_many_targets_have_levels
    }
    policies {
        a_name_in_use_is_refused
        the_sixth_version_is_refused_and_numbers_are_not_reused
        the_default_version_is_not_deleted
        an_attached_policy_is_not_deleted
        a_policy_with_versions_is_not_deleted
        policies_are_listed_both_ways
        a_managed_policy_is_modified_by_new_versions_alone
    }
    principals {
        an_exclusive_principal_has_one_thing
        a_shared_principal_does_not_become_exclusive
        attaching_twice_is_harmless
        principals_and_things_are_listed
    }
    registration {
        a_plan_is_applied_whole
        the_same_request_gets_the_same_answer_and_nothing_new
        another_request_with_a_spent_token_is_refused
        an_expired_token_is_refused
        a_foreign_token_is_refused
        a_revoked_certificate_is_refused
        whatever_is_missing_is_named
        a_policy_made_from_a_document_is_shared
        a_policy_of_the_same_name_and_another_document_is_a_conflict
        an_existing_thing_is_met_by_its_overrides
        a_registration_without_a_token_is_harmless_twice
        a_new_device_changes_its_certificate_and_thing_only
    }
    retained {
        a_topic_keeps_its_latest_message
        a_message_is_gone_when_its_time_is_over
        messages_are_listed_by_topic
    }
    registration_tasks {
        a_second_task_at_a_time_is_refused
        a_line_is_registered_once_with_its_outcome
        an_old_task_goes_with_its_lines_when_it_has_ended
    }
    recording {
        a_change_brings_its_record_once
        a_refused_change_brings_no_record_and_a_later_one_does
        an_issuance_is_recorded_with_its_certificate
        retention_removes_the_beginning_of_the_trail_only
        checkpoints_are_bounded_and_the_newest_stay
    }
    rollback {
        a_refused_registration_leaves_nothing
        a_refusal_leaves_its_neighbours
    }
    templates {
        a_template_lives_by_its_versions
        a_name_in_use_is_refused
        the_257th_template_is_refused
        the_sixth_version_is_refused
        the_default_version_is_not_deleted
        the_51st_tag_is_refused
        an_update_changes_what_it_names
    }
    things {
        an_equal_thing_is_answered_and_a_different_one_refused
        the_fourth_attribute_without_a_type_is_refused
        the_51st_attribute_is_refused
        attributes_are_replaced_merged_and_removed
        a_stale_version_is_refused
        a_thing_with_principals_is_not_deleted
        things_are_listed_by_type_and_attribute
        a_deprecated_type_takes_no_thing
        a_type_is_deleted_five_minutes_after_its_deprecation
        access_keys_are_kept
    }
    tokens {
        a_token_is_known_by_its_digest
        a_purge_deletes_what_nobody_registered
        a_purge_keeps_what_was_activated_or_attached
        a_purge_is_bounded
    }
    transfers {
        a_transfer_waits_until_it_is_cancelled
        only_an_inactive_certificate_without_policies_is_transferred
        a_transfer_to_this_account_is_accepted_or_rejected
        nobody_accepts_or_rejects_a_transfer_to_another_account
        transfers_under_way_are_listed_both_ways
    }
}
