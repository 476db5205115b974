#include "cli/command.h"

extern const struct command cli_backup_command;
extern const struct command cli_serve_command, cli_config_check_command;
extern const struct command cli_detect_command, cli_rules_check_command, cli_rules_list_command;
extern const struct command cli_rules_explain_command, cli_rules_test_command;
extern const struct command cli_rules_stats_command, cli_rules_backtest_command;
extern const struct command cli_indicators_import_command;
extern const struct command cli_indicators_list_command;
extern const struct command cli_indicators_remove_command;
extern const struct command cli_indicators_allow_command;
extern const struct command cli_indicators_disallow_command;
extern const struct command cli_indicators_stats_command;
extern const struct command cli_search_command;
extern const struct command cli_archive_sign_command, cli_archive_verify_command;
extern const struct command cli_archive_compact_command, cli_archive_import_command;
extern const struct command cli_archive_check_package_command;
extern const struct command cli_archive_retain_command;
extern const struct command cli_archive_export_command, cli_archive_hunt_command;
extern const struct command cli_archive_backup_command;
extern const struct command cli_plan_check_command, cli_plan_lint_command;
extern const struct command cli_report_standing_command, cli_report_template_command;
extern const struct command cli_import_agencies_command, cli_import_systems_command;
extern const struct command cli_import_organisations_command, cli_audit_list_command;
extern const struct command cli_audit_verify_command;
extern const struct command cli_import_sources_command, cli_import_people_command;
extern const struct command cli_source_token_command;
extern const struct command cli_relay_command, cli_relay_status_command;
extern const struct command cli_enrol_command, cli_enrol_list_command, cli_enrol_revoke_command;
extern const struct command cli_user_add_command, cli_user_password_command;
extern const struct command cli_user_disable_command, cli_user_enable_command;
extern const struct command cli_user_list_command;
extern const struct command cli_manual_command, cli_completion_command, cli_examples_command;
extern const struct command cli_untranslated_command;

const struct command *const commands[] = {
    &cli_serve_command,
    &cli_relay_command,
    &cli_relay_status_command,
    &cli_config_check_command,
    &cli_backup_command,
    &cli_detect_command,
    &cli_rules_check_command,
    &cli_rules_list_command,
    &cli_rules_explain_command,
    &cli_rules_test_command,
    &cli_rules_backtest_command,
    &cli_rules_stats_command,
    &cli_indicators_import_command,
    &cli_indicators_list_command,
    &cli_indicators_remove_command,
    &cli_indicators_allow_command,
    &cli_indicators_disallow_command,
    &cli_indicators_stats_command,
    &cli_search_command,
    &cli_archive_verify_command,
    &cli_archive_sign_command,
    &cli_archive_compact_command,
    &cli_archive_retain_command,
    &cli_archive_export_command,
    &cli_archive_check_package_command,
    &cli_archive_import_command,
    &cli_archive_hunt_command,
    &cli_archive_backup_command,
    &cli_plan_check_command,
    &cli_plan_lint_command,
    &cli_report_standing_command,
    &cli_report_template_command,
    &cli_import_agencies_command,
    &cli_import_organisations_command,
    &cli_import_systems_command,
    &cli_import_sources_command,
    &cli_import_people_command,
    &cli_source_token_command,
    &cli_enrol_command,
    &cli_enrol_list_command,
    &cli_enrol_revoke_command,
    &cli_user_add_command,
    &cli_user_password_command,
    &cli_user_disable_command,
    &cli_user_enable_command,
    &cli_user_list_command,
    &cli_audit_list_command,
    &cli_audit_verify_command,
    &cli_manual_command,
    &cli_completion_command,
    &cli_examples_command,
    &cli_untranslated_command,
    NULL,
};
