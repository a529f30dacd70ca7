/* SPDX-License-Identifier: Apache-2.0
 *
 * Names in XML and Query.
 */
#include "wire/names.h"

/* SQS's Query names, from the examples of its API reference of 2012-11-05. A flattened list of
 * structures that is not here is called by the structure. */
static const struct {
    struct str member;           /* the model's */
    struct str name, key, value; /* as Query has them */
} sqs_names[] = {
    {STR_INIT("AWSAccountIds"), STR_INIT("AWSAccountId"), STR_INIT(""), STR_INIT("")},
    {STR_INIT("Actions"), STR_INIT("ActionName"), STR_INIT(""), STR_INIT("")},
    {STR_INIT("AttributeNames"), STR_INIT("AttributeName"), STR_INIT(""), STR_INIT("")},
    {STR_INIT("Attributes"), STR_INIT("Attribute"), STR_INIT("Name"), STR_INIT("Value")},
    {STR_INIT("BinaryListValues"), STR_INIT("BinaryListValue"), STR_INIT(""), STR_INIT("")},
    {STR_INIT("MessageAttributeNames"), STR_INIT("MessageAttributeName"), STR_INIT(""),
     STR_INIT("")},
    {STR_INIT("MessageAttributes"), STR_INIT("MessageAttribute"), STR_INIT("Name"),
     STR_INIT("Value")},
    {STR_INIT("MessageSystemAttributeNames"), STR_INIT("MessageSystemAttributeName"), STR_INIT(""),
     STR_INIT("")},
    {STR_INIT("MessageSystemAttributes"), STR_INIT("MessageSystemAttribute"), STR_INIT("Name"),
     STR_INIT("Value")},
    {STR_INIT("QueueUrls"), STR_INIT("QueueUrl"), STR_INIT(""), STR_INIT("")},
    {STR_INIT("StringListValues"), STR_INIT("StringListValue"), STR_INIT(""), STR_INIT("")},
    {STR_INIT("TagKeys"), STR_INIT("TagKey"), STR_INIT(""), STR_INIT("")},
    {STR_INIT("Tags"), STR_INIT("Tag"), STR_INIT("Key"), STR_INIT("Value")},
    {STR_INIT("queueUrls"), STR_INIT("QueueUrl"), STR_INIT(""), STR_INIT("")},
    {STR_INIT("tags"), STR_INIT("Tag"), STR_INIT("Key"), STR_INIT("Value")},
};

static void name_for_sqs(const struct member *member, struct names *names)
{
    const struct shape *shape = model_shape(member->shape);

    for (size_t i = 0; i < sizeof(sqs_names) / sizeof(sqs_names[0]); i++) {
        if (str_eq(model_text(member->name), sqs_names[i].member)) {
            names->name = sqs_names[i].name;
            names->key = sqs_names[i].key;
            names->value = sqs_names[i].value;
            return;
        }
    }
    if (shape->kind == SHAPE_LIST) {
        const struct shape *of = model_shape(model_members[shape->first].shape);
        if (of->kind == SHAPE_STRUCTURE) {
            names->name = model_text(of->name);
        }
    }
}

struct names names_of(const struct member *member, bool sqs)
{
    const struct shape *shape = model_shape(member->shape);
    struct names names = {
        .name = model_text(member->wire_name),
        .item = STR(""),
        .key = STR(""),
        .value = STR(""),
        .flattened = (member->flags & MEMBER_FLATTENED) != 0,
    };

    if (shape->kind == SHAPE_LIST) {
        names.item = model_text(model_members[shape->first].wire_name);
        if (names.flattened && !str_eq(names.item, STR("member"))) {
            names.name = names.item;
        }
    } else if (shape->kind == SHAPE_MAP) {
        names.key = model_text(model_members[shape->first].wire_name);
        names.value = model_text(model_members[shape->first + 1].wire_name);
    }
    if (sqs && names.flattened) {
        name_for_sqs(member, &names);
    }
    return names;
}
