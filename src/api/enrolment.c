/* Who may send by a certificate: packages, certificates' state, revocation; and, without a session,
 * what senders ask for themselves (a certificate for a code, the next one for the one they have). */
#include <sodium.h>

#include "api/resource.h"
#include "api/shape.h"
#include "records/certificate.h"
#include "records/source.h"

#define BASE64 sodium_base64_VARIANT_ORIGINAL

static void put_bytes(struct api_call *call, const char *name, struct slice bytes)
{
    size_t size = sodium_base64_encoded_len(bytes.len, BASE64);
    char *text = arena_alloc(call->arena, size);

    if (text)
        sodium_bin2base64(text, size, (const unsigned char *)bytes.data, bytes.len, BASE64);
    json_text_member(&call->json, name, text ? slice_of(text) : SLICE(""));
}

static bool get_bytes(struct api_call *call, const char *name, struct slice *out)
{
    struct slice text = api_text(call, name);
    size_t most = text.len / 4 * 3 + 4, len = 0;
    char *bytes = arena_alloc(call->arena, most);

    if (!bytes || sodium_base642bin((unsigned char *)bytes, most, text.data, text.len, NULL, &len,
                                    NULL, BASE64) != 0)
        return api_fail(call, 400, "input_wrong", name, "'%s' is wrong", name);
    *out = slice_from(bytes, len);
    return true;
}

static bool office_there(struct api_call *call)
{
    return call->options->office ||
           api_fail(call, 503, "busy", NULL, "senders cannot be enrolled here now");
}

/* ---- certificates ---------------------------------------------------------------------------- */

static void certificate_put(struct api_call *call, const struct records_certificate *c)
{
    struct json_writer *json = &call->json;

    json_open_object(json);
    json_text_member(json, "sha256", c->sha256);
    json_text_member(json, "state", slice_of(records_certificate_state(c, call->now)));
    json_text_member(json, "subject", c->subject);
    json_text_member(json, "issuer", c->issuer);
    json_text_member(json, "origin", c->origin);
    json_time_member(json, "from", c->valid_from);
    json_time_member(json, "to", c->valid_to);
    json_time_member(json, "made", c->made_at);
    shape_text_or_null(json, "made_by", c->made_by);
    json_time_member(json, "revoked", c->revoked_at);
    shape_text_or_null(json, "revoked_by", c->revoked_by);
    shape_text_or_null(json, "reason", c->reason);
    json_close_object(json);
}

static bool certificates_put(struct api_call *call, const struct records_holder *holder)
{
    struct records_certificate *rows;
    uint32_t count;

    if (!records_certificate_list(call->records, &call->scope, holder, call->arena, &rows, &count,
                                  &call->error))
        return false;
    json_open_array_member(&call->json, "certificates");
    for (uint32_t i = 0; i < count; i++)
        certificate_put(call, &rows[i]);
    json_close_array(&call->json);
    return true;
}

/* The holder that the path names, when it is within the scope. */
static bool source_holder(struct api_call *call, struct records_holder *out)
{
    struct records_source source;

    *out = (struct records_holder){ false, api_text(call, "source") };
    return records_source_get(call->records, &call->scope, out->key, call->arena, &source,
                              &call->error);
}

static bool relay_holder(struct api_call *call, struct records_holder *out)
{
    struct records_relay relay;

    *out = (struct records_holder){ true, api_text(call, "relay") };
    return records_relay_get(call->records, &call->scope, out->key, call->arena, &relay,
                             &call->error);
}

static bool list(struct api_call *call, const struct records_holder *holder)
{
    json_open_object(&call->json);
    bool well = certificates_put(call, holder);
    json_close_object(&call->json);
    return well;
}

bool api_source_certificates(struct api_call *call)
{
    struct records_holder holder;

    return source_holder(call, &holder) && list(call, &holder);
}

bool api_relay_certificates(struct api_call *call)
{
    struct records_holder holder;

    return relay_holder(call, &holder) && list(call, &holder);
}

bool api_certificate_revoke(struct api_call *call)
{
    struct records_certificate c;
    struct slice sha256 = api_text(call, "certificate");

    if (!records_certificate_get(call->records, &call->scope, sha256, call->arena, &c,
                                 &call->error) ||
        !records_certificate_revoke(call->records, &call->actor, sha256, api_text(call, "reason"),
                                    &call->error) ||
        !records_certificate_get(call->records, &call->scope, sha256, call->arena, &c,
                                 &call->error))
        return false;
    api_changed(call);
    certificate_put(call, &c);
    return true;
}

/* ---- packages: answered once, kept nowhere ---------------------------------------------------- */

static bool package(struct api_call *call, const struct records_holder *holder)
{
    struct office_package made;
    struct json_writer *json = &call->json;
    struct office_wish wish = {
        .holder = *holder,
        .with_key = slice_is(api_text(call, "way"), "key"),
        .days = api_number(call, "days"),
    };

    if (api_given(call, "folder"))
        wish.folder = arena_text(call->arena, api_text(call, "folder"));
    if (!office_there(call) || !office_package(call->options->office, call->records, &call->actor,
                                               &wish, call->arena, &made, &call->error))
        return false;
    api_changed(call);
    call->status = 201;
    json_open_object(json);
    json_text_member(json, "name", made.name);
    put_bytes(call, "package", made.zip);
    shape_text_or_null(json, "password", made.password);
    json_time_member(json, "code_until", made.code_until);
    shape_text_or_null(json, "certificate", made.sha256);
    json_close_object(json);
    return true;
}

bool api_source_enrol(struct api_call *call)
{
    struct records_holder holder;

    return source_holder(call, &holder) && package(call, &holder);
}

bool api_relay_enrol(struct api_call *call)
{
    struct records_holder holder;

    return relay_holder(call, &holder) && package(call, &holder);
}

/* ---- relays ---------------------------------------------------------------------------------- */

static void relay_put(struct api_call *call, const struct records_relay *relay)
{
    struct json_writer *json = &call->json;

    json_open_object(json);
    json_text_member(json, "key", relay->key);
    json_text_member(json, "name", relay->name);
    shape_agency(call, "agency", relay->agency);
    json_boolean_member(json, "enabled", relay->enabled);
    json_integer_member(json, "sources", relay->sources);
    json_close_object(json);
}

bool api_relay_list(struct api_call *call)
{
    struct records_relay *rows;
    uint32_t count;
    struct json_writer *json = &call->json;

    if (!records_relay_list(call->records, &call->scope, call->arena, &rows, &count, &call->error))
        return false;
    shape_list_open(json);
    for (uint32_t i = 0; i < count; i++)
        relay_put(call, &rows[i]);
    json_close_array(json);
    json_close_object(json);
    return true;
}

bool api_relay_add(struct api_call *call)
{
    enum records_change change;
    struct slice key = api_text(call, "key");
    struct records_relay relay = { .key = key, .agency = api_text(call, "agency"),
                                   .name = api_text(call, "name"), .enabled = true };

    if (!records_relay_put(call->records, &call->actor, &relay, &change, &call->error) ||
        !records_relay_get(call->records, &call->scope, key, call->arena, &relay, &call->error))
        return false;
    api_changed(call);
    call->status = 201;
    relay_put(call, &relay);
    return true;
}

/* ---- senders themselves ----------------------------------------------------------------------- */

static bool answer(struct api_call *call, const struct authority_certificate *c)
{
    api_changed(call);
    call->status = 201;
    json_open_object(&call->json);
    put_bytes(call, "certificate", c->der);
    json_time_member(&call->json, "until", c->valid_to);
    json_close_object(&call->json);
    return true;
}

bool api_enrolment(struct api_call *call)
{
    struct authority_certificate c;
    struct slice request;

    return office_there(call) && get_bytes(call, "request", &request) &&
           office_redeem(call->options->office, call->records, api_text(call, "code"), request,
                         call->arena, &c, &call->error) &&
           answer(call, &c);
}

bool api_enrolment_renewal(struct api_call *call)
{
    struct authority_certificate c;
    struct slice request, signature;

    return office_there(call) && get_bytes(call, "request", &request) &&
           get_bytes(call, "signature", &signature) &&
           office_renew(call->options->office, call->records, api_text(call, "certificate"),
                        request, signature, call->arena, &c, &call->error) &&
           answer(call, &c);
}
