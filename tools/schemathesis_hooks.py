"""What schemathesis has to be told to send: mails and calendars are text."""

import schemathesis

schemathesis.serializer.alias(["message/rfc822", "text/calendar"], "text/plain")
