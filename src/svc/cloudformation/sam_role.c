/* SPDX-License-Identifier: Apache-2.0
 *
 * Execution roles. Policies come in an order that counts: a document's name has the place of its
 * entry in the template ("FRolePolicy2").
 */
#include "svc/cloudformation/sam_policy.h"

/* What an entry of Policies is. */
enum entry {
    MANAGED,   /* a name, an ARN, or a function that will be one */
    STATEMENT, /* a policy document */
    TEMPLATE,  /* {"SQSPollerPolicy": {…}} */
    UNKNOWN,
};

/* ---- documents ---- */

struct value sam_assume(struct sam *s, const char *service)
{
    return node_make(s->arena,
                     "{Version: '2012-10-17', Statement: [{Action: ['sts:AssumeRole'], Effect: "
                     "'Allow', Principal: {Service: [%c]}}]}",
                     service);
}

struct value sam_inline_policy(struct sam *s, struct str name, const char *action,
                               const struct value *resource)
{
    return node_make(s->arena,
                     "{PolicyName: %s, PolicyDocument: {Statement: [{Action: %c, Effect: 'Allow', "
                     "Resource: %v}]}}",
                     name, action, resource);
}

struct value sam_managed_arn(struct sam *s, const char *path)
{
    return node_str(arena_printf(s->arena, "arn:%.*s:iam::aws:policy/%s",
                                 STR_ARG(s->place->partition), path));
}

static bool is_among(struct str name, const char *names)
{
    struct str rest = str_c(names);

    while (rest.at != NULL) {
        if (str_eq(name, str_split(&rest, ' '))) {
            return true;
        }
    }
    return false;
}

/* A managed policy's ARN; what AWS does not know as one stays what it is. */
static struct value managed_arn(struct sam *s, struct str name)
{
    for (const struct sam_policy_folder *f = sam_policy_folders; f->folder != NULL; f++) {
        if (is_among(name, f->names)) {
            return sam_managed_arn(
                s, arena_printf(s->arena, "%s%.*s", f->folder, STR_ARG(name)).at);
        }
    }
    return node_str(name);
}

/* ---- entries ---- */

static enum entry entry_of(struct sam *s, const struct value *policy)
{
    enum entry yes;
    enum entry no;

    if (node_is(policy, VALUE_STR)) {
        return MANAGED;
    }
    if (!node_is_function(policy, "Fn::If")) {
        return node_is_intrinsic(policy)        ? MANAGED
               : node_has(policy, "Statement") ? STATEMENT
               : node_is(policy, VALUE_MAP) && policy->count == 1 &&
                       sam_policy_template_find(policy->pairs[0].key) != NULL
                   ? TEMPLATE
                   : UNKNOWN;
    }
    if (!sam_is_if(policy)) {
        sam_refuse_shape(s, "Fn::If requires 3 arguments");
        return UNKNOWN;
    }
    yes = entry_of(s, &policy->pairs[0].value.items[1]);
    no = entry_of(s, &policy->pairs[0].value.items[2]);
    if (yes == no || node_is_no_value(&policy->pairs[0].value.items[2])) {
        return yes;
    }
    if (!node_is_no_value(&policy->pairs[0].value.items[1])) {
        sam_refuse_shape(s,
                         "Different policy types within the same Fn::If statement is unsupported. "
                         "Separate different policy types into different Fn::If statements");
    }
    return no;
}

/* Templates become documents, also below Fn::If. */
static void fill_template(struct sam *s, struct value *policy)
{
    if (node_is_no_value(policy)) {
        return;
    }
    if (sam_is_if(policy)) {
        fill_template(s, &policy->pairs[0].value.items[1]);
        fill_template(s, &policy->pairs[0].value.items[2]);
    } else if (entry_of(s, policy) == TEMPLATE) {
        *policy = sam_policy_statements(s, sam_policy_template_find(policy->pairs[0].key),
                                        &policy->pairs[0].value);
    }
}

static struct value named(struct sam *s, struct str name, const struct value *document)
{
    return node_make(s->arena, "{PolicyName: %s, PolicyDocument: %v}", name, document);
}

static void add_document(struct sam *s, const struct sam_role *role, uint32_t index,
                         struct value *policy, struct value *documents)
{
    struct str name = arena_printf(s->arena, "%.*sPolicy%u", STR_ARG(role->id), index);

    if (!sam_is_if(policy)) {
        node_push(s->arena, documents, named(s, name, policy));
        return;
    }
    for (uint32_t i = 1; i <= 2; i++) {
        struct value *item = &policy->pairs[0].value.items[i];

        *item = node_is_no_value(item) ? *item : named(s, name, item);
    }
    node_push(s->arena, documents, *policy);
}

static void add_managed(struct sam *s, struct value *policy, struct value *managed)
{
    struct value arn = *policy;

    if (policy->kind == VALUE_STR) {
        arn = managed_arn(s, policy->str);
    }
    for (uint32_t i = 1; sam_is_if(policy) && i <= 2; i++) {
        struct value *item = &policy->pairs[0].value.items[i];

        *item = item->kind == VALUE_STR ? managed_arn(s, item->str) : *item;
    }
    if (!node_in(managed, &arn)) {
        node_push(s->arena, managed, arn);
    }
}

static void add_policies(struct sam *s, const struct sam_role *role, struct value *managed,
                         struct value *documents)
{
    struct value list = node_list();

    if (node_is(role->policies, VALUE_LIST)) {
        list = node_copy(s->arena, role->policies);
    } else if (node_true(role->policies)) {
        node_push(s->arena, &list, node_copy(s->arena, role->policies));
    }
    for (uint32_t i = 0; i < list.count && !s->refused; i++) {
        if (entry_of(s, &list.items[i]) == TEMPLATE) {
            fill_template(s, &list.items[i]);
        }
    }
    for (uint32_t i = 0; i < list.count && !s->refused; i++) {
        enum entry entry = entry_of(s, &list.items[i]);

        if (entry == STATEMENT) {
            add_document(s, role, i, &list.items[i], documents);
        } else if (entry == MANAGED) {
            add_managed(s, &list.items[i], managed);
        } else {
            sam_refuse(s, s->id, "Policy at index %u in the 'Policies' property is not valid", i);
        }
    }
}

struct sam_made *sam_role_make(struct sam *s, const struct sam_role *role)
{
    struct sam_made *made = sam_loose(s, role->id, "AWS::IAM::Role", role->attributes);
    struct value managed = role->managed;
    struct value documents = role->documents;

    add_policies(s, role, &managed, &documents);
    sam_put(s, made, "AssumeRolePolicyDocument", role->assume);
    sam_put(s, made, "ManagedPolicyArns", managed);
    if (documents.count > 0) {
        sam_put(s, made, "Policies", documents);
    }
    sam_set(s, made, "Path", role->path);
    sam_set(s, made, "PermissionsBoundary", role->boundary);
    sam_set(s, made, "Tags", role->tags.kind == VALUE_NONE ? NULL : &role->tags);
    return made;
}

const char *sam_xray_policy(const struct sam *s)
{
    return str_eq(s->place->partition, STR("aws")) ? "AWSXrayWriteOnlyAccess"
                                                   : "AWSXRayDaemonWriteAccess";
}
