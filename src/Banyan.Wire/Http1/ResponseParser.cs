namespace Banyan.Wire.Http1;

/// <summary>HTTP/1 response heads (RFC 9112 §4, §5, §6.3). Pure, allocates nothing.</summary>
public static class ResponseParser
{
    /// <summary>Parses the head at the start of <paramref name="bytes"/>; obsolete line folding is overwritten with spaces in place.
    /// 1xx heads are Complete with their status; the caller forwards or drops them and parses on.</summary>
    /// <param name="bytes">The input so far; on a further call it starts with the same bytes as this call left behind.</param>
    /// <param name="requestMethod">HEAD and CONNECT change how the body is framed.</param>
    /// <param name="head">Filled on Complete.</param>
    public static ParseStatus Parse(Span<byte> bytes, RequestMethod requestMethod, ResponseHead head)
    {
        if (head.Phase == HeadPhase.Done)
        {
            head.Reset();
        }

        if (bytes.Length > HeadLimits.MaxBytes)
        {
            bytes = bytes[..HeadLimits.MaxBytes];
        }

        var lineStart = head.LineStart;
        var scanned = head.Scanned;
        Malformed reason;
        while (true)
        {
            var found = bytes[scanned..].IndexOfAny(Syntax.LineStops);
            if (found < 0)
            {
                scanned = bytes.Length;
                break;
            }

            scanned += found;
            reason = FieldSection.JudgeStop(bytes, scanned, out var complete);
            if (reason != Malformed.None)
            {
                return head.Refuse(reason);
            }

            if (!complete)
            {
                break;
            }

            if (head.Phase == HeadPhase.Start)
            {
                reason = StatusLine.Parse(bytes[lineStart..scanned], head);
            }
            else if (scanned == lineStart)
            {
                return Finish(bytes, requestMethod, head, scanned + 2);
            }
            else if (head.FieldCount > 0 && Syntax.IsSpace(bytes[lineStart]))
            {
                Unfold(bytes, lineStart, scanned, head);
                reason = Malformed.None;
            }
            else
            {
                reason = FieldSection.Add(bytes, lineStart, scanned, head);
            }

            if (reason != Malformed.None)
            {
                return head.Refuse(reason);
            }

            scanned += 2;
            lineStart = scanned;
        }

        head.LineStart = lineStart;
        head.Scanned = scanned;
        reason = FieldSection.JudgeIncomplete(bytes);
        return reason == Malformed.None ? ParseStatus.Incomplete : head.Refuse(reason);
    }

    /// <summary>Joins a folded line to the field before it (RFC 9112 §5.2).</summary>
    private static void Unfold(Span<byte> bytes, int lineStart, int lineEnd, ResponseHead head)
    {
        ref var field = ref head.Fields[head.FieldCount - 1];
        bytes[lineStart - 2] = (byte)' ';
        bytes[lineStart - 1] = (byte)' ';
        field.LineEnd = lineEnd + 2;
        FieldSection.SetValue(bytes, ref field, field.LineStart + field.NameLength + 1, lineEnd);
    }

    private static ParseStatus Finish(ReadOnlySpan<byte> bytes, RequestMethod requestMethod, ResponseHead head, int length)
    {
        head.Length = length;
        var reason = ResponseFields.Interpret(bytes, requestMethod, head);
        if (reason != Malformed.None)
        {
            return head.Refuse(reason);
        }

        head.Phase = HeadPhase.Done;
        return ParseStatus.Complete;
    }
}
