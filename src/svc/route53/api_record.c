/* SPDX-License-Identifier: Apache-2.0
 *
 * Record sets listed, and asked as a resolver would ask.
 */
#include "svc/route53/route53_ops.h"

#define ALIASES_MAX 8      /* one after the other */
#define MULTI_VALUES_MAX 8 /* record sets in a multivalue answer */

/* ---- ListResourceRecordSets ---- */

static status start_of_call(struct call *c, struct record_name *ret_name)
{
    *ret_name = (struct record_name){STR_NONE, arg_str(c, "StartRecordType"),
                                     arg_str(c, "StartRecordIdentifier")};
    if (arg_has(c, "StartRecordType") && !arg_has(c, "StartRecordName")) {
        return fail(c, &R53_INPUT, "The input is not valid: a start type needs a start name.");
    }
    if (arg_has(c, "StartRecordIdentifier") && !arg_has(c, "StartRecordType")) {
        return fail(c, &R53_INPUT, "The input is not valid: a start identifier needs a start "
                    "type.");
    }
    if (arg_str(c, "StartRecordName").bytes > 0 &&
        !name_keep(c->arena, arg_str(c, "StartRecordName"), &ret_name->name)) {
        return fail(c, &R53_INPUT, "The start name is not a valid domain name: %.*s",
                    STR_ARG(arg_str(c, "StartRecordName")));
    }
    return OK;
}

/* ListResourceRecordSets */
status r53_list_records(struct call *c)
{
    struct record_name start;
    struct txn_scan *scan;
    struct value *list, *record;
    struct zone zone;
    size_t count_max;

    TRY(zone_of_id(c, arg_str(c, "HostedZoneId"), &zone));
    TRY(max_items(c, RECORDS_PAGE, &count_max));
    TRY(start_of_call(c, &start));
    list = put_list(c, "ResourceRecordSets", count_max);
    put_bool(c, "IsTruncated", false);
    scan = records_from(c, zone.id, start.name.at == NULL ? NULL : &start);
    while ((record = records_next(c, scan)) != NULL) {
        if (list->count == count_max) {
            put_bool(c, "IsTruncated", true);
            put_str(c, "NextRecordName", get_str(record, "Name"));
            put_str(c, "NextRecordType", get_str(record, "Type"));
            if (has(record, "SetIdentifier")) {
                put_str(c, "NextRecordIdentifier", get_str(record, "SetIdentifier"));
            }
            txn_scan_close(scan);
            break;
        }
        set_members(c->arena, list_add(c->arena, list), record);
    }
    return OK;
}

/* ---- TestDNSAnswer ---- */

/* What answers a question, as far as weir knows it: all health checks are well, nobody is
 * anywhere in particular. */
struct answer {
    const struct value *one; /* the record set that answers; NULL: none */
    uint64_t weights;        /* of those that could, so far */
    size_t several;          /* multivalue answers, which all are told */
    bool named;              /* there is something of that name */
};

static bool is_better(struct call *c, struct answer *answer, const struct value *record)
{
    if (answer->one == NULL) {
        answer->weights = (uint64_t)get_int(record, "Weight", 0);
        return true;
    }
    if (has(record, "Weight")) { /* each as likely as its weight */
        uint64_t weight = (uint64_t)get_int(record, "Weight", 0);

        answer->weights += weight;
        return weight > 0 && rand_below(c->rand, answer->weights) < weight;
    }
    if (has(record, "Failover")) {
        return str_eq(get_str(record, "Failover"), STR("PRIMARY"));
    }
    if (has(record, "GeoLocation")) {
        return str_eq(get_str(get(record, "GeoLocation"), "CountryCode"), STR("*"));
    }
    return has(record, "Region") && str_eq(get_str(record, "Region"), c->region);
}

static void values_tell(struct call *c, const struct value *record, struct value *data)
{
    const struct value *list = get(record, "ResourceRecords");

    (void)c;
    for (uint32_t i = 0; list != NULL && i < list->count && data->count < data->room; i++) {
        list_add_str(data, get_str(&list->items[i], "Value"));
    }
}

static struct answer ask(struct call *c, struct str zone, const struct record_name *question,
                         struct value *data)
{
    struct txn_scan *scan = records_named(c, zone, question->name);
    struct answer answer = {.one = NULL};
    const struct value *record;

    while ((record = records_next(c, scan)) != NULL) {
        answer.named = true;
        if (!str_eq(get_str(record, "Type"), question->type) &&
            !str_eq(get_str(record, "Type"), STR("CNAME"))) {
            continue;
        }
        if (has(record, "MultiValueAnswer")) {
            answer.one = record;
            if (answer.several++ < MULTI_VALUES_MAX) {
                values_tell(c, record, data);
            }
        } else if (is_better(c, &answer, record)) {
            answer.one = record;
        }
    }
    return answer;
}

/* By its name, then by wildcards, from the nearest on. */
static struct answer resolve(struct call *c, const struct zone *zone,
                             const struct record_name *question, struct value *data)
{
    struct record_name wild = *question;
    struct answer answer = ask(c, zone->id, question, data);
    struct str rest = question->name;

    while (!answer.named && name_within(rest, zone->name) && rest.bytes > zone->name.bytes) {
        wild.name = name_wildcard(c->arena, rest);
        answer = ask(c, zone->id, &wild, data);
        (void)str_split(&rest, '.');
    }
    return answer;
}

/* Aliases are followed within the account's zones. */
static bool question_answer(struct call *c, struct zone zone, struct record_name question,
                            struct value *data)
{
    bool named = false;

    for (size_t i = 0; i < ALIASES_MAX; i++) {
        struct answer answer = resolve(c, &zone, &question, data);
        const struct value *target = answer.one == NULL ? NULL : get(answer.one, "AliasTarget");

        named |= answer.named;
        if (target == NULL) {
            if (answer.one != NULL && answer.several == 0) {
                values_tell(c, answer.one, data);
            }
            break;
        }
        question.name = get_str(target, "DNSName");
        if (!zone_find(c, get_str(target, "HostedZoneId"), &zone)) {
            break;
        }
    }
    return named;
}

/* TestDNSAnswer */
status r53_test_answer(struct call *c)
{
    struct record_name question = {.type = arg_str(c, "RecordType"), .identifier = STR("")};
    const struct value *servers;
    struct value *data;
    struct zone zone;
    bool named;

    TRY(zone_of_id(c, arg_str(c, "HostedZoneId"), &zone));
    if (!name_keep(c->arena, arg_str(c, "RecordName"), &question.name) ||
        !name_within(question.name, zone.name)) {
        return fail(c, &R53_INPUT, "The record name %.*s is not in the zone %.*s.",
                    STR_ARG(arg_str(c, "RecordName")), STR_ARG(zone.name));
    }
    servers = get(get(zone.about, "DelegationSet"), "NameServers");
    put_str(c, "Nameserver", servers->items[0].str);
    put_str(c, "RecordName", str_slice(question.name, 0, question.name.bytes - 1));
    put_str(c, "RecordType", question.type);
    data = put_list(c, "RecordData", BATCH_RECORDS_MAX);
    named = question_answer(c, zone, question, data);
    put_str(c, "ResponseCode", named ? STR("NOERROR") : STR("NXDOMAIN"));
    put_str(c, "Protocol", STR("UDP"));
    return OK;
}
