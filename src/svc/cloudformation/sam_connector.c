/* SPDX-License-Identifier: Apache-2.0
 *
 * AWS::Serverless::Connector: what a source needs to use a destination. It looks at resources as
 * the other units made them. Connectors that are attributes of a resource are connectors like
 * others, with that resource as their source.
 */
#include "svc/cloudformation/sam_connector.h"

#include <stdlib.h>

const struct sam_property sam_connector_properties[] = {
    {"Source", "!A"}, {"Destination", "!AO"}, {"Permissions", "!N"}, {NULL, NULL}};

/* One of the two sides; values that are not known are NULL. */
struct side {
    struct str id;                   /* logical id; STR_NONE: outside of the template */
    struct str type;                 /* "AWS::SQS::Queue" */
    const struct value *arn;         /* its parts, as references */
    const struct value *role;        /* name of its role */
    const struct value *url;         /* of a queue */
    const struct value *resource_id; /* of an API */
    const struct value *name;        /* of a state machine */
    const struct value *qualifier;   /* what of an API may call */
};

/* A connection that is being made. */
struct connection {
    const struct sam_profile *profile; /* what is made */
    struct side source;                /* who uses */
    struct side destination;           /* what is used */
    struct str suffix;                 /* "Destination1" where there are several */
};

/* ---- sides ---- */

/* A resource as it is now. */
static struct value *find(struct sam *s, struct str id)
{
    struct value *made = node_find(&s->made, id);

    return made != NULL ? made : node_find(s->resources, id);
}

static const struct value *keep(struct sam *s, struct value value)
{
    return node_new(s->arena, value);
}

/* The role of the rule's target that is the other side. */
static const struct value *rule_role(const struct value *properties, const struct value *other)
{
    const struct value *targets = node_get(properties, "Targets");
    const struct value *id = node_get(other, "Id");
    const struct value *arn = node_get(other, "Arn");

    for (uint32_t i = 0; node_is(targets, VALUE_LIST) && i < targets->count; i++) {
        const struct value *to = node_get(&targets->items[i], "Arn");
        struct str named = node_named(to);

        if ((named.bytes > 0 && str_eq(named, node_text(id))) ||
            (node_true(arn) && node_eq(to, arn))) {
            return node_get(&targets->items[i], "RoleArn");
        }
    }
    return NULL;
}

static const struct value *role_of(struct sam *s, struct str type, const struct value *properties,
                                   const struct value *other)
{
    static const char *const roles[][2] = {{"AWS::Lambda::Function", "Role"},
                                           {"AWS::StepFunctions::StateMachine", "RoleArn"},
                                           {"AWS::AppSync::DataSource", "ServiceRoleArn"}};
    const struct value *role = NULL;
    struct str id;

    for (size_t i = 0; i < 3; i++) {
        if (str_eq(type, str_c(roles[i][0]))) {
            role = node_get(properties, roles[i][1]);
        }
    }
    if (str_eq(type, STR("AWS::Events::Rule"))) {
        role = rule_role(properties, other);
    }
    id = node_named(role);
    return id.bytes > 0 ? keep(s, sam_ref(s, id)) : NULL;
}

/* What a resource's type says of its ARN and the like. */
static void describe(struct sam *s, struct side *side)
{
    static const char by_ref[] = "AWS::StepFunctions::StateMachine AWS::SNS::Topic "
                                 "AWS::AppSync::GraphQLApi AWS::AppSync::DataSource ";
    static const char by_att[] =
        "AWS::Lambda::Function AWS::Events::Rule AWS::SQS::Queue AWS::DynamoDB::Table "
        "AWS::S3::Bucket AWS::Location::PlaceIndex AWS::ApiGatewayV2::Api "
        "AWS::ApiGateway::RestApi AWS::Events::EventBus ";
    struct str word = sam_join(s, side->type, STR(" "));
    bool api = str_eq(side->type, STR("AWS::ApiGatewayV2::Api")) ||
               str_eq(side->type, STR("AWS::ApiGateway::RestApi"));

    if (str_find_str(str_c(by_ref), word) < sizeof(by_ref) - 1) {
        side->arn = keep(s, sam_ref(s, side->id));
    } else if (str_find_str(str_c(by_att), word) < sizeof(by_att) - 1) {
        side->arn = keep(s, sam_attribute(s, side->id, "Arn"));
    }
    if (str_eq(side->type, STR("AWS::SQS::Queue"))) {
        side->url = keep(s, sam_ref(s, side->id));
    } else if (str_eq(side->type, STR("AWS::StepFunctions::StateMachine"))) {
        side->name = keep(s, sam_attribute(s, side->id, "Name"));
    } else if (str_eq(side->type, STR("AWS::AppSync::GraphQLApi"))) {
        side->resource_id = keep(s, sam_attribute(s, side->id, "ApiId"));
    } else if (api) {
        side->resource_id = keep(s, sam_ref(s, side->id));
        side->qualifier = keep(s, node_c("*"));
    }
}

/* Serverless types stand for others. */
static struct str plain_type(struct str type)
{
    static const char *const types[][2] = {
        {"AWS::Serverless::Function", "AWS::Lambda::Function"},
        {"AWS::Serverless::StateMachine", "AWS::StepFunctions::StateMachine"},
        {"AWS::Serverless::Api", "AWS::ApiGateway::RestApi"},
        {"AWS::Serverless::HttpApi", "AWS::ApiGatewayV2::Api"},
        {"AWS::Serverless::SimpleTable", "AWS::DynamoDB::Table"}};

    for (size_t i = 0; i < 5; i++) {
        if (str_eq(type, str_c(types[i][0]))) {
            return str_c(types[i][1]);
        }
    }
    return type;
}

static struct side given_side(struct sam *s, const struct value *value)
{
    struct str type = node_text(node_get(value, "Type"));

    if (type.bytes == 0) {
        sam_refuse(s, s->id, "'Type' is missing or not a string.");
    }
    return (struct side){.type = plain_type(type),
                         .arn = node_get(value, "Arn"),
                         .role = node_get(value, "RoleName"),
                         .url = node_get(value, "QueueUrl"),
                         .resource_id = node_get(value, "ResourceId"),
                         .name = node_get(value, "Name"),
                         .qualifier = node_get(value, "Qualifier")};
}

static struct side read_side(struct sam *s, const struct value *value, const struct value *other)
{
    const struct value *id = node_get(value, "Id");
    const struct value *resource;
    struct side side = {.id = node_text(id)};
    uint32_t others = value->count - (node_has(value, "Id") ? 1 : 0) -
                      (node_has(value, "Qualifier") ? 1 : 0);

    if (node_has(value, "Id") == (others > 0)) {
        sam_refuse(s, s->id, "Must provide 'Id' (with optional 'Qualifier') or a supported "
                             "combination of other properties.");
        return side;
    }
    if (!node_true(id)) {
        return given_side(s, value);
    }
    if (side.id.bytes == 0) {
        sam_refuse(s, s->id, "'Id' is missing or not a string.");
        return side;
    }
    resource = find(s, side.id);
    if (!node_true(resource)) {
        sam_refuse(s, s->id, "Unable to find resource with logical ID '%.*s'.", STR_ARG(side.id));
        return side;
    }
    side.type = node_text(node_get(resource, "Type"));
    if (side.type.bytes == 0) {
        sam_refuse(s, s->id, "'Type' is missing or not a string.");
    }
    describe(s, &side);
    side.role = role_of(s, side.type, node_get(resource, "Properties"), other);
    if (node_has(value, "Qualifier")) {
        side.qualifier = node_get(value, "Qualifier");
    }
    return side;
}

/* ---- texts of the table ---- */

static const struct value *part_of(const struct connection *c, struct str name)
{
    const struct side *side = str_starts(name, STR("Source")) ? &c->source : &c->destination;
    struct str part = str_slice(name, str_find(name, '.', 0) + 1, name.bytes);

    return str_eq(part, STR("Arn"))          ? side->arn
           : str_eq(part, STR("ResourceId")) ? side->resource_id
           : str_eq(part, STR("Name"))       ? side->name
                                             : side->qualifier;
}

/* "%{Source.Arn}/x": the part itself, or Fn::Sub with the part as a variable. */
static struct value fill(struct sam *s, const struct connection *c, struct str word)
{
    struct value holes = node_map();
    struct str text = STR("");
    struct value sub;

    if (word.at[0] == '@') {
        size_t colon = str_find(word, ':', 0);

        text = arena_printf(s->arena, "arn:${AWS::Partition}:%.*s:${AWS::Region}:"
                                      "${AWS::AccountId}:",
                            (int)(colon - 1), word.at + 1);
        word = str_slice(word, colon + 1, word.bytes);
    }
    while (word.bytes > 0) {
        size_t open = str_find_str(word, STR("%{"));
        size_t close = str_find(word, '}', open);
        struct str name = str_slice(word, open + 2, close);
        size_t dot = str_find(name, '.', 0);
        const struct value *part = open < word.bytes ? part_of(c, name) : NULL;

        if (open < word.bytes && part == NULL) {
            sam_refuse(s, s->id, "%.*s is missing.", STR_ARG(name));
            return holes;
        }
        if (part != NULL && text.bytes == 0 && open == 0 && close + 1 == word.bytes) {
            return *part;
        }
        text = arena_printf(s->arena, "%.*s%.*s", STR_ARG(text), (int)open, word.at);
        if (part != NULL) {
            name = sam_join(s, str_slice(name, 0, dot), str_slice(name, dot + 1, name.bytes));
            text = arena_printf(s->arena, "%.*s${%.*s}", STR_ARG(text), STR_ARG(name));
            node_set(s->arena, &holes, name, part);
        }
        word = str_slice(word, close + 1, word.bytes);
    }
    sub = node_str(text);
    return holes.count > 0 ? node_make(s->arena, "{'Fn::Sub': [%v, %v]}", &sub, &holes)
           : str_find_str(text, STR("${")) < text.bytes
               ? node_make(s->arena, "{'Fn::Sub': %v}", &sub)
               : sub;
}

static void add_statements(struct sam *s, const struct connection *c, struct str text,
                           struct value *list)
{
    while (text.bytes > 0) {
        size_t end = str_find_str(text, STR(" | "));
        struct str one = str_slice(text, 0, end);
        size_t arrow = str_find_str(one, STR(" > "));
        struct str actions = str_slice(one, 0, arrow);
        struct str resources = str_slice(one, arrow + 3, one.bytes);
        struct str service = str_split(&actions, ' ');
        struct value action = node_list();
        struct value on = node_list();

        while (actions.at != NULL) {
            node_push(s->arena, &action,
                      node_str(sam_join(s, service, str_split(&actions, ' '))));
        }
        while (resources.at != NULL) {
            node_push(s->arena, &on, fill(s, c, str_split(&resources, ' ')));
        }
        node_push(s->arena, list,
                  node_make(s->arena, "{Effect: 'Allow', Action: %v, Resource: %v}", &action,
                            &on));
        text = str_slice(text, end + 3, text.bytes);
    }
}

/* ---- what is made ---- */

static bool is_permitted(const struct sam *s, const char *name)
{
    struct value text = node_c(name);

    return node_in(sam_property(s, "Permissions"), &text);
}

static struct sam_made *make(struct sam *s, struct str name, const char *type)
{
    struct sam_made *made = sam_make(s, sam_join(s, s->id, name), type, &s->attributes);
    const struct value *depends = node_get(s->resource, "DependsOn");

    made->depends = depends != NULL ? *depends : made->depends;
    return made;
}

static struct value document(struct sam *s, const struct connection *c)
{
    struct value list = node_list();

    for (size_t i = 0; i < 2 && c->profile->access[i].name != NULL; i++) {
        struct str text = str_c(c->profile->access[i].text);
        struct str service;

        if (!is_permitted(s, c->profile->access[i].name)) {
            continue;
        }
        if (c->profile->kind == SAM_ROLE) {
            add_statements(s, c, text, &list);
            continue;
        }
        service = str_split(&text, ' ');
        node_push(s->arena, &list,
                  node_make(s->arena,
                            "{Effect: 'Allow', Principal: {Service: %s}, Resource: %v, Action: %s, "
                            "Condition: {ArnEquals: {'aws:SourceArn': %v}}}",
                            service, c->destination.arn, text, c->source.arn));
        if (c->source.arn == NULL || c->destination.arn == NULL) {
            sam_refuse(s, s->id, "%s.Arn is missing.",
                       c->source.arn == NULL ? "Source" : "Destination");
        }
    }
    return node_make(s->arena, "{Version: '2012-10-17', Statement: %v}", &list);
}

static void depend(struct sam *s, struct value *resource, struct str on)
{
    struct value *before = node_get(resource, "DependsOn");
    struct value list = node_list();
    struct value own = node_str(on);

    if (node_is(before, VALUE_STR)) {
        node_push(s->arena, &list, *before);
    }
    node_extend(s->arena, &list, before);
    if (!node_in(&list, &own)) {
        node_push(s->arena, &list, own);
    }
    node_put(s->arena, resource, "DependsOn", list);
}

/* The one mapping between the two sides; NULL: there is none, or several. */
static struct value *find_mapping(struct sam *s, const struct connection *c)
{
    struct value *all[2] = {&s->made, s->resources};
    struct value *found = NULL;
    uint32_t count = 0;

    for (size_t k = 0; k < 2; k++) {
        for (uint32_t i = 0; i < all[k]->count; i++) {
            struct value *resource = &all[k]->pairs[i].value;
            const struct value *properties = node_get(resource, "Properties");

            if (node_is_text(node_get(resource, "Type"), "AWS::Lambda::EventSourceMapping") &&
                str_eq(node_named(node_get(properties, "FunctionName")), c->destination.id) &&
                str_eq(node_named(node_get(properties, "EventSourceArn")), c->source.id)) {
                found = resource;
                count++;
            }
        }
    }
    return count == 1 ? found : NULL;
}

static void make_role_policy(struct sam *s, const struct connection *c)
{
    const struct value *role = c->profile->of_source ? c->source.role : c->destination.role;
    struct value policy = document(s, c);
    struct sam_made *made;

    if (role == NULL) {
        sam_refuse(s, s->id, "Unable to get IAM role name from '%s' resource.",
                   c->profile->of_source ? "Source" : "Destination");
        return;
    }
    made = make(s, sam_join(s, STR("Policy"), c->suffix), "AWS::IAM::ManagedPolicy");
    sam_put(s, made, "PolicyDocument", policy);
    sam_put(s, made, "Roles", node_make(s->arena, "[%v]", role));
    if (c->profile->wait == SAM_BY_MAPPING && c->source.id.bytes > 0 &&
        c->destination.id.bytes > 0) {
        struct value *mapping = find_mapping(s, c);

        if (mapping != NULL) {
            depend(s, mapping, made->id);
        }
    } else if (c->profile->wait == SAM_BY_SOURCE && c->source.id.bytes > 0) {
        depend(s, find(s, c->source.id), made->id);
    }
}

static void make_resource_policy(struct sam *s, const struct connection *c)
{
    bool queue = c->profile->kind == SAM_QUEUE;
    const struct value *on = queue ? c->destination.url : c->destination.arn;
    struct value policy = document(s, c);
    struct sam_made *made;

    if (on == NULL) {
        sam_refuse(s, s->id, "Unable to get %s from 'Destination' resource.",
                   queue ? "SQS queue URL" : "SNS topic ARN");
        return;
    }
    made = make(s, sam_join(s, queue ? STR("QueuePolicy") : STR("TopicPolicy"), c->suffix),
                queue ? "AWS::SQS::QueuePolicy" : "AWS::SNS::TopicPolicy");
    sam_put(s, made, queue ? "Queues" : "Topics", node_make(s->arena, "[%v]", on));
    sam_put(s, made, "PolicyDocument", policy);
}

static void make_permissions(struct sam *s, const struct connection *c)
{
    for (size_t i = 0; i < 2 && c->profile->access[i].name != NULL; i++) {
        const char *name = c->profile->access[i].name;
        struct str text = str_c(c->profile->access[i].text);
        struct str service = str_split(&text, ' ');
        struct value from = fill(s, c, str_split(&text, ' '));
        struct sam_made *made;

        if (c->destination.arn == NULL) {
            sam_refuse(s, s->id, "Unable to get Lambda function ARN from 'Destination' resource.");
        }
        if (!is_permitted(s, name)) {
            continue;
        }
        made = make(s, arena_printf(s->arena, "%sLambdaPermission%.*s", name, STR_ARG(c->suffix)),
                    "AWS::Lambda::Permission");
        made->properties = node_make(s->arena,
                                     "{Action: 'lambda:InvokeFunction', FunctionName: %v, "
                                     "Principal: %s, SourceArn: %v}",
                                     c->destination.arn, service, &from);
        if (text.bytes > 0) {
            sam_put(s, made, "SourceAccount",
                    node_make(s->arena, "{'Fn::Sub': '${AWS::AccountId}'}"));
        }
    }
}

/* ---- checks ---- */

static const struct sam_profile *find_profile(const struct connection *c)
{
    for (const struct sam_profile *p = sam_profiles; p->source != NULL; p++) {
        if (str_eq(c->source.type, str_c(p->source)) &&
            str_eq(c->destination.type, str_c(p->destination))) {
            return p;
        }
    }
    return NULL;
}

/* Whether Permissions are one of "Read Read+Write". */
static bool is_valid(const struct sam *s, const char *valid)
{
    struct str rest = str_c(valid);
    bool both = is_permitted(s, "Read") && is_permitted(s, "Write");

    while (rest.at != NULL) {
        struct str one = str_split(&rest, ' ');

        if (both ? str_eq(one, STR("Read+Write"))
                 : is_permitted(s, "Read") && str_eq(one, STR("Read"))) {
            return true;
        }
    }
    return false;
}

static struct str spelled(struct sam *s, const char *valid)
{
    struct str rest = str_c(valid);
    struct str text = STR("");

    while (rest.at != NULL) {
        struct str one = str_split(&rest, ' ');

        text = arena_printf(s->arena, "%.*s%s%s", STR_ARG(text), text.bytes > 0 ? ", " : "",
                            str_eq(one, STR("Read+Write")) ? "Read + Write" : "Read");
    }
    return text;
}

static bool check_permissions(struct sam *s, const struct connection *c)
{
    const struct value *given = sam_property(s, "Permissions");
    const struct sam_profile *p = c->profile;
    struct str known = p->access[1].name == NULL
                           ? str_c(p->access[0].name)
                           : arena_printf(s->arena, "%s, %s", p->access[0].name, p->access[1].name);
    struct str pair = arena_printf(s->arena, "connector from %.*s to %.*s",
                                   STR_ARG(c->source.type), STR_ARG(c->destination.type));

    if (given->count == 0) {
        sam_refuse(s, s->id, "'Permissions' cannot be empty; valid values are: %.*s.",
                   STR_ARG(known));
    }
    for (uint32_t i = 0; i < given->count; i++) {
        bool there = node_is_text(&given->items[i], p->access[0].name) ||
                     (p->access[1].name != NULL &&
                      node_is_text(&given->items[i], p->access[1].name));

        if (!there) {
            sam_refuse(s, s->id,
                       "Unsupported 'Permissions' provided for %.*s; valid values are: %.*s.",
                       STR_ARG(pair), STR_ARG(known));
        }
    }
    if (p->valid != NULL && !is_valid(s, p->valid)) {
        sam_refuse(s, s->id,
                   "Unsupported 'Permissions' provided for %.*s; valid combinations are: %.*s.",
                   STR_ARG(pair), STR_ARG(spelled(s, p->valid)));
    }
    return !s->refused;
}

/* ---- connections ---- */

/* What was made says whom it connects. */
static void mark(struct sam *s, const struct connection *c, struct sam_made *from)
{
    const struct value *source = node_get(node_find(s->resources, c->source.id), "Type");
    const struct value *destination = node_get(node_find(s->resources, c->destination.id), "Type");
    struct value one = node_str(c->source.type);
    struct value two = node_str(c->destination.type);
    struct value made = node_make(
        s->arena, "{'aws:sam:connectors': {%s: {Source: {Type: %v}, Destination: {Type: %v}}}}",
        s->id, source != NULL ? source : &one, destination != NULL ? destination : &two);

    for (; from != NULL; from = from->next) {
        struct value *metadata = node_enter(s->arena, &from->attributes, STR("Metadata"));
        struct value copy = metadata == NULL ? node_map() : node_copy(s->arena, metadata);

        node_update(s->arena, &copy, &made);
        node_put(s->arena, &from->attributes, "Metadata", copy);
    }
}

static void connect(struct sam *s, const struct value *destination, struct str suffix)
{
    const struct value *source = sam_property(s, "Source");
    struct connection c = {.suffix = suffix};
    struct sam_made *before = s->last;

    c.destination = read_side(s, destination, source);
    c.source = read_side(s, source, destination);
    if (s->refused) {
        return;
    }
    c.profile = find_profile(&c);
    if (c.profile == NULL) {
        sam_refuse(s, s->id,
                   "Unable to create connector from %.*s to %.*s; it's not supported or the "
                   "template is invalid.",
                   STR_ARG(c.source.type), STR_ARG(c.destination.type));
        return;
    }
    if (!check_permissions(s, &c)) {
        return;
    }
    if (c.profile->kind == SAM_ROLE) {
        make_role_policy(s, &c);
    } else if (c.profile->kind == SAM_PERMISSION) {
        make_permissions(s, &c);
    } else {
        make_resource_policy(s, &c);
    }
    mark(s, &c, before == NULL ? s->first : before->next);
}

/* Who waits for the connector waits for what it made. */
static void replace_depends(struct sam *s, struct value *resource)
{
    struct value *before = node_get(resource, "DependsOn");
    struct value own = node_str(s->id);
    struct value list = node_list();

    if (!node_eq(before, &own) && !node_in(before, &own)) {
        return;
    }
    for (uint32_t i = 0; before->kind == VALUE_LIST && i < before->count; i++) {
        if (!node_eq(&before->items[i], &own)) {
            node_push(s->arena, &list, before->items[i]);
        }
    }
    for (const struct sam_made *made = s->first; made != NULL; made = made->next) {
        struct value id = node_str(made->id);

        if (!node_in(&list, &id)) {
            node_push(s->arena, &list, id);
        }
    }
    node_put(s->arena, resource, "DependsOn", list);
}

void sam_connector(struct sam *s)
{
    const struct value *destination = sam_property(s, "Destination");

    if (destination->kind == VALUE_MAP) {
        connect(s, destination, STR(""));
    }
    for (uint32_t i = 0; destination->kind == VALUE_LIST && i < destination->count && !s->refused;
         i++) {
        connect(s, &destination->items[i], arena_printf(s->arena, "Destination%u", i));
    }
    if (destination->kind == VALUE_LIST && destination->count == 0) {
        sam_refuse(s, s->id, "'Destination' is an empty list");
    }
    for (uint32_t i = 0; i < s->made.count; i++) {
        replace_depends(s, &s->made.pairs[i].value);
    }
    for (uint32_t i = 0; i < s->resources->count; i++) {
        replace_depends(s, &s->resources->pairs[i].value);
    }
}

/* ---- connectors that are attributes ---- */

static void embed(struct sam *s, struct str source, const struct pair *pair)
{
    struct str id = sam_join(s, source, pair->key);
    struct value made = node_copy(s->arena, &pair->value);
    struct value *properties = node_get(&made, "Properties");
    struct value *reference = node_get(properties, "SourceReference");
    struct value side = node_make(s->arena, "{Id: %s}", source);

    s->refused = false;
    if (made.kind != VALUE_MAP) {
        sam_refuse(s, id, "%.*s.%.*s should be a map.", STR_ARG(source), STR_ARG(id));
    } else if (!node_is(properties, VALUE_MAP)) {
        sam_refuse(s, source, "Attribute 'Connectors.%.*s.Properties' should be a map.",
                   STR_ARG(pair->key));
    } else if (node_has(properties, "SourceReference") && !node_is(reference, VALUE_MAP)) {
        sam_refuse(s, source,
                   "Property 'Connectors.%.*s.Properties.SourceReference' should be a map.",
                   STR_ARG(pair->key));
    } else if (node_has(reference, "Id")) {
        sam_refuse(s, pair->key, "'Id' shouldn't be defined in 'SourceReference'.");
    }
    if (s->refused) {
        return;
    }
    node_update(s->arena, &side, reference);
    node_remove(properties, "SourceReference");
    node_put(s->arena, properties, "Source", side);
    node_put(s->arena, &made, "Type", node_c("AWS::Serverless::Connector"));
    if (node_find(s->resources, id) != NULL) {
        sam_refuse(s, source,
                   "Transforming resource with id [%.*s] attempts to create a new resource with id "
                   "[%.*s] and type \"AWS::Serverless::Connector\". A resource with that id "
                   "already exists within this template. Please use a different id for that "
                   "resource.",
                   STR_ARG(source), STR_ARG(id));
        return;
    }
    node_set(s->arena, s->resources, id, &made);
}

void sam_embedded_connectors(struct sam *s)
{
    uint32_t count = s->resources->count;

    for (uint32_t i = 0; i < count; i++) {
        struct str id = s->resources->pairs[i].key;
        struct value *connectors = node_get(&s->resources->pairs[i].value, "Connectors");

        if (!node_has(&s->resources->pairs[i].value, "Connectors")) {
            continue;
        }
        if (!node_is(connectors, VALUE_MAP)) {
            s->refused = false;
            sam_refuse(s, id, "Attribute '%.*s.Connectors' should be a map.", STR_ARG(id));
        }
        for (uint32_t k = 0; node_is(connectors, VALUE_MAP) && k < connectors->count; k++) {
            embed(s, id, &connectors->pairs[k]);
        }
        node_remove(&s->resources->pairs[i].value, "Connectors");
    }
}
