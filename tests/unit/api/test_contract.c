/* The table of routes held against openapi.yaml: the same operations, roles, parameters, members.
 */
#include <stdio.h>

#include "api/route.h"
#include "base/yaml.h"
#include "test.h"

static struct arena arena;
static struct yaml *contract;

static const struct yaml *document(void)
{
    struct error e = ERROR_NONE;

    if (!contract) {
        arena_init(&arena, 0);
        if (!yaml_read(PROJECT_ROOT "/openapi.yaml", &arena, &contract, &e))
            print_error("# %s: %s\n", e.place, e.sentence);
    }
    CHECK(contract);
    return contract;
}

/* "#/components/schemas/Key" → the node; the node itself when it is no reference. */
static const struct yaml *resolve(const struct yaml *node)
{
    struct slice reference = yaml_member_text(node, "$ref", SLICE_NONE), part;

    if (!reference.data)
        return node;
    node = document();
    slice_split(&reference, '/', &part);
    while (node && slice_split(&reference, '/', &part)) {
        char name[64];
        snprintf(name, sizeof name, "%.*s", SLICE_ARGS(part));
        node = yaml_member(node, name);
    }
    return node;
}

static const char *method_name(const struct api_route *route)
{
    return route->method == HTTP_GET ? "get" : route->method == HTTP_POST ? "post"
           : route->method == HTTP_PATCH ? "patch" : "delete";
}

static const struct yaml *path_item(const struct api_route *route)
{
    return yaml_member(yaml_member(document(), "paths"), route->path);
}

static bool is_true(const struct yaml *node, const char *name)
{
    return slice_is(yaml_member_text(node, name, SLICE("")), "true");
}

static bool named(const struct api_field *fields, struct slice name)
{
    for (; fields->name; fields++)
        if (slice_is(name, fields->name))
            return true;
    return false;
}

static uint32_t count_fields(const struct api_field *fields)
{
    uint32_t count = 0;

    for (; fields && fields->name; fields++)
        count++;
    return count;
}

static uint32_t check_parameters(const struct api_route *route, const struct yaml *list)
{
    for (uint32_t i = 0; list && i < list->count; i++) {
        struct slice name = yaml_member_text(resolve(&list->children[i]), "name", SLICE("?"));
        if (!named(route->fields, name))
            print_error("# %s %s has no %.*s\n", method_name(route), route->path, SLICE_ARGS(name));
        CHECK(named(route->fields, name));
    }
    return list ? list->count : 0;
}

TEST("each operation of the contract has its row, and each row its operation")
{
    const struct yaml *paths = yaml_member(document(), "paths");
    static const char *const methods[] = { "get", "post", "patch", "delete", "put" };
    size_t count, operations = 0;
    const struct api_route *routes = api_routes(&count);

    for (uint32_t i = 0; i < paths->count; i++)
        for (size_t m = 0; m < sizeof methods / sizeof *methods; m++)
            operations += yaml_member(&paths->children[i], methods[m]) != NULL;
    for (size_t i = 0; i < count; i++) {
        if (!yaml_member(path_item(&routes[i]), method_name(&routes[i])))
            print_error("# %s %s\n", method_name(&routes[i]), routes[i].path);
        CHECK(yaml_member(path_item(&routes[i]), method_name(&routes[i])));
    }
    CHECK_INT(count, operations);
}

TEST("roles and the CSRF token are those of the contract")
{
    size_t count;
    const struct api_route *routes = api_routes(&count);

    for (size_t i = 0; i < count; i++) {
        const struct yaml *operation = yaml_member(path_item(&routes[i]), method_name(&routes[i]));
        const struct yaml *roles = yaml_member(operation, "x-roles");
        unsigned bits = 0;
        for (uint32_t r = 0; roles && r < roles->count; r++) {
            enum role role;
            CHECK(role_parse(roles->children[r].text, &role));
            bits |= role;
        }
        if (bits != routes[i].roles || is_true(operation, "x-csrf") != routes[i].csrf)
            print_error("# %s %s\n", method_name(&routes[i]), routes[i].path);
        CHECK_INT(routes[i].roles, bits);
        CHECK_INT(routes[i].roles == 0, is_true(operation, "x-public"));
        CHECK_INT(routes[i].csrf, is_true(operation, "x-csrf"));
        CHECK_INT(routes[i].csrf, routes[i].method != HTTP_GET && routes[i].roles != 0);
    }
}

TEST("parameters, and what a body may set, are those of the contract and no more")
{
    size_t count;
    const struct api_route *routes = api_routes(&count);

    for (size_t i = 0; i < count; i++) {
        const struct yaml *item = path_item(&routes[i]);
        const struct yaml *operation = yaml_member(item, method_name(&routes[i]));
        uint32_t parameters = check_parameters(&routes[i], yaml_member(item, "parameters")) +
                              check_parameters(&routes[i], yaml_member(operation, "parameters"));
        if (count_fields(routes[i].fields) != parameters)
            print_error("# %s %s\n", method_name(&routes[i]), routes[i].path);
        CHECK_INT(count_fields(routes[i].fields), parameters);

        const struct yaml *content =
            yaml_member(yaml_member(operation, "requestBody"), "content");
        const struct yaml *schema =
            resolve(yaml_member(yaml_member(content, "application/json"), "schema"));
        const struct yaml *properties = yaml_member(schema, "properties");
        for (uint32_t p = 0; properties && p < properties->count; p++)
            CHECK(routes[i].body && named(routes[i].body, properties->children[p].key));
        CHECK_INT(count_fields(routes[i].body), properties ? properties->count : 0);
    }
}
