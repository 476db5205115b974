/* resource - the functions that the table of routes names; one .c file a resource. */
#ifndef API_RESOURCE_H
#define API_RESOURCE_H

#include "api/call.h"

bool api_ping(struct api_call *call);

bool api_session_get(struct api_call *call);
bool api_session_open(struct api_call *call);
bool api_session_change(struct api_call *call);
bool api_session_close(struct api_call *call);

bool api_home(struct api_call *call);
bool api_intake(struct api_call *call);

bool api_event_list(struct api_call *call);
bool api_event_histogram(struct api_call *call);
bool api_event_stream(struct api_call *call);
bool api_event_live(struct api_call *call);
bool api_event_export(struct api_call *call);
bool api_event_get(struct api_call *call);

bool api_search_list(struct api_call *call);
bool api_search_save(struct api_call *call);
bool api_search_change(struct api_call *call);
bool api_search_drop(struct api_call *call);

bool api_alert_list(struct api_call *call);
bool api_alert_get(struct api_call *call);
bool api_alert_take(struct api_call *call);
bool api_alert_release(struct api_call *call);
bool api_alert_false_positive(struct api_call *call);
bool api_alert_close(struct api_call *call);
bool api_alert_escalate(struct api_call *call);

bool api_rule_list(struct api_call *call);
bool api_rule_get(struct api_call *call);
bool api_rule_disable(struct api_call *call);
bool api_rule_enable(struct api_call *call);
bool api_rule_limit(struct api_call *call);
bool api_rule_backtest(struct api_call *call);
bool api_exception_list(struct api_call *call);
bool api_exception_preview(struct api_call *call);
bool api_exception_add(struct api_call *call);
bool api_exception_end(struct api_call *call);

bool api_indicator_list(struct api_call *call);
bool api_indicator_feeds(struct api_call *call);
bool api_indicator_upload(struct api_call *call);
bool api_indicator_feed_remove(struct api_call *call);
bool api_indicator_allowed(struct api_call *call);
bool api_indicator_allow(struct api_call *call);
bool api_indicator_disallow(struct api_call *call);

bool api_incident_list(struct api_call *call);
bool api_incident_open(struct api_call *call);
bool api_incident_get(struct api_call *call);
bool api_incident_move(struct api_call *call);
bool api_incident_hold(struct api_call *call);
bool api_incident_package(struct api_call *call);

bool api_plan_get(struct api_call *call);
bool api_plan_matrix(struct api_call *call);
bool api_plan_standing(struct api_call *call);
bool api_standing_remind(struct api_call *call);
bool api_standing_exempt(struct api_call *call);
bool api_standing_declare(struct api_call *call);
bool api_notice_acknowledge(struct api_call *call);
bool api_exemption_revoke(struct api_call *call);
bool api_evidence_return(struct api_call *call);
bool api_plan_coverage(struct api_call *call);
bool api_report_standing(struct api_call *call);

bool api_agency_list(struct api_call *call);
bool api_agency_get(struct api_call *call);
bool api_system_list(struct api_call *call);
bool api_system_get(struct api_call *call);
bool api_source_list(struct api_call *call);
bool api_source_get(struct api_call *call);

bool api_source_certificates(struct api_call *call);
bool api_source_enrol(struct api_call *call);
bool api_relay_list(struct api_call *call);
bool api_relay_add(struct api_call *call);
bool api_relay_certificates(struct api_call *call);
bool api_relay_enrol(struct api_call *call);
bool api_certificate_revoke(struct api_call *call);
bool api_enrolment(struct api_call *call);
bool api_enrolment_renewal(struct api_call *call);

bool api_user_list(struct api_call *call);
bool api_user_add(struct api_call *call);
bool api_user_change(struct api_call *call);
bool api_health(struct api_call *call);

#endif
