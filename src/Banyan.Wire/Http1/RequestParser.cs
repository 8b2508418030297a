namespace Banyan.Wire.Http1;

/// <summary>Strict HTTP/1 request heads (RFC 9112 §3, §5, §6). Pure, allocates nothing.</summary>
public static class RequestParser
{
    /// <summary>Parses the head at the start of <paramref name="bytes"/>. On Incomplete call again with the same head
    /// and a longer input that starts with the same bytes.</summary>
    /// <remarks>One empty line before the request line is skipped (RFC 9112 §2.2).</remarks>
    public static ParseStatus Parse(ReadOnlySpan<byte> bytes, RequestHead head)
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

            if (head.Phase == HeadPhase.Fields)
            {
                if (scanned == lineStart)
                {
                    return Finish(bytes, head, scanned + 2);
                }

                reason = FieldSection.Add(bytes, lineStart, scanned, head);
            }
            else
            {
                reason = RequestLine.Parse(bytes, lineStart, scanned, head);
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

    private static ParseStatus Finish(ReadOnlySpan<byte> bytes, RequestHead head, int length)
    {
        head.Length = length;
        var reason = RequestFields.Interpret(bytes, head);
        if (reason != Malformed.None)
        {
            return head.Refuse(reason);
        }

        head.Phase = HeadPhase.Done;
        return ParseStatus.Complete;
    }
}
