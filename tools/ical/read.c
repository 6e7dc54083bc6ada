/* Reads a calendar with libical and prints its entries as JSON, in UTC. Any
 * fault that the parser noted in the file ends with 1. */
#include <libical/ical.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int count = 0;

static void put_text(const char *name, const char *text)
{
    printf(", \"%s\": \"", name);
    for (const unsigned char *c = (const unsigned char *)(text ? text : ""); *c; c++) {
        if (*c == '"' || *c == '\\')
            printf("\\%c", *c);
        else if (*c < 0x20)
            printf("\\u%04x", *c);
        else
            putchar(*c);
    }
    putchar('"');
}

static void put_time(const char *name, struct icaltimetype when)
{
    if (icaltime_is_null_time(when) || (!icaltime_is_utc(when) && !icaltime_get_timezone(when))) {
        fprintf(stderr, "%s has no place in time\n", name);
        exit(1);
    }
    struct icaltimetype utc = icaltime_convert_to_zone(when, icaltimezone_get_utc_timezone());
    char text[32];
    snprintf(text, sizeof text, "%04d-%02d-%02dT%02d:%02d:%02dZ", utc.year, utc.month, utc.day, utc.hour, utc.minute, utc.second);
    put_text(name, text);
}

static void put(icalcomponent *one, struct icaltimetype start, struct icaltimetype end, int sequence, const char *status)
{
    const char *summary = icalcomponent_get_summary(one), *description = icalcomponent_get_description(one);
    printf("%s{\"sequence\": %d", count++ ? ", " : "", sequence);
    put_text("uid", icalcomponent_get_uid(one));
    put_time("start", start);
    put_time("end", end);
    put_text("status", status);
    put_text("summary", summary);
    put_text("description", description);
    putchar('}');
}

int main(int argc, char **argv)
{
    if (argc != 2)
        return 2;
    FILE *file = fopen(argv[1], "rb");
    if (!file)
        return 2;
    static char text[8 << 20];
    size_t length = fread(text, 1, sizeof text - 1, file);
    text[length] = 0;
    fclose(file);
    icalcomponent *calendar = icalparser_parse_string(text);
    if (!calendar || icalcomponent_count_errors(calendar)) {
        fprintf(stderr, "%s\n", calendar ? icalcomponent_as_ical_string(calendar) : "not a calendar");
        return 1;
    }
    putchar('[');
    for (icalcomponent *one = icalcomponent_get_first_component(calendar, ICAL_VEVENT_COMPONENT); one;
         one = icalcomponent_get_next_component(calendar, ICAL_VEVENT_COMPONENT)) {
        icalproperty *status = icalcomponent_get_first_property(one, ICAL_STATUS_PROPERTY);
        put(one, icalcomponent_get_dtstart(one), icalcomponent_get_dtend(one), icalcomponent_get_sequence(one),
            status ? icalproperty_get_value_as_string(status) : "");
    }
    for (icalcomponent *one = icalcomponent_get_first_component(calendar, ICAL_VFREEBUSY_COMPONENT); one;
         one = icalcomponent_get_next_component(calendar, ICAL_VFREEBUSY_COMPONENT)) {
        /* A component has one cursor, which reading its texts moves: the lines are gathered first. */
        static icalproperty *lines[1000];
        size_t known = 0;
        for (icalproperty *line = icalcomponent_get_first_property(one, ICAL_FREEBUSY_PROPERTY); line && known < 1000;
             line = icalcomponent_get_next_property(one, ICAL_FREEBUSY_PROPERTY))
            lines[known++] = line;
        for (size_t n = 0; n < known; n++) {
            struct icalperiodtype period = icalproperty_get_freebusy(lines[n]);
            put(one, period.start, period.end, 0, icalproperty_get_parameter_as_string(lines[n], "FBTYPE"));
        }
    }
    puts("]");
    return 0;
}
