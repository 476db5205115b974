/* event_xml - one event as Windows and Sysmon for Linux write it in XML: <Event><System>…</System>
 * <EventData><Data Name="Image">…</Data></EventData></Event>.
 *
 * What comes out has the names of flat JSON events: children of System by their own name, attributes as
 * Provider_Name, SystemTime, Execution_ProcessID; Data by its Name (without one: Data); what stands below
 * UserData by its own name.
 * Good: an event that was cut off gives what stood before the cut.
 * Never: XML in general. No document types, no CDATA, no entities but the five and numeric ones; one pass,
 *        elements at most EVENT_XML_DEPTH deep.
 */
#ifndef EVENT_EVENT_XML_H
#define EVENT_EVENT_XML_H

#include "event/keyvalue.h"

#define EVENT_XML_DEPTH 8u

/* Adds the fields; bytes are text's or the list's arena's. False, and perhaps fields added, when it is no
 * such event or ends before its EventID. */
bool event_xml_parse(struct slice text, struct field_list *list);

#endif
