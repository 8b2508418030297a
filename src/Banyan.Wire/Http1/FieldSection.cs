using System.Runtime.CompilerServices;

namespace Banyan.Wire.Http1;

/// <summary>Lines and field lines as requests and responses share them (RFC 9112 §2.2, §5).</summary>
/// <remarks>
/// Every check has the shape <c>if (...) { return Malformed.X; }</c>: a test takes each of them out in turn and wants to see
/// a difference. A line is judged when its first control byte is there (for a CR: and the byte after it), so that the
/// verdict does not depend on how the input was split.
/// </remarks>
internal static class FieldSection
{
    /// <summary>Judges the byte that stopped the search for a line's end.</summary>
    /// <param name="bytes">The input so far.</param>
    /// <param name="stop">Where the control byte stands.</param>
    /// <param name="complete">False when it is a CR and the next byte is not there yet.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Malformed JudgeStop(ReadOnlySpan<byte> bytes, int stop, out bool complete)
    {
        var next = stop + 1;
        if (bytes[stop] == '\r' && (uint)next < (uint)bytes.Length && bytes[next] == '\n')
        {
            complete = true;
            return Malformed.None;
        }

        return JudgeOddStop(bytes, stop, out complete);
    }

    /// <summary>The end of input came before the end of the head.</summary>
    public static Malformed JudgeIncomplete(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length >= HeadLimits.MaxBytes)
        {
            return Malformed.HeadTooLong;
        }

        return Malformed.None;
    }

    /// <summary>Adds the line to the head's fields. A folded line of a response never comes here.</summary>
    public static Malformed Add(ReadOnlySpan<byte> bytes, int start, int end, MessageHead head)
    {
        if (head.FieldCount == HeadLimits.MaxFields)
        {
            return Malformed.TooManyFields;
        }

        var line = bytes[start..end];
        var colon = line.IndexOfAnyExcept(Syntax.Token);
        if (colon <= 0 || line[colon] != ':')
        {
            var reason = JudgeName(line, colon, head.FieldCount == 0);
            if (reason != Malformed.None)
            {
                return reason;
            }
        }

        ref var field = ref head.Fields[head.FieldCount++];
        field.LineStart = start;
        field.LineEnd = end + 2;
        field.NameLength = colon;
        field.ConnectionNamed = false;
        field.Known = FieldNames.Recognise(line[..colon]);
        head.KnownBits |= 1u << (int)field.Known;
        SetValue(bytes, ref field, start + colon + 1, end);
        return Malformed.None;
    }

    /// <summary>The value between two offsets, without white space around it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void SetValue(ReadOnlySpan<byte> bytes, ref FieldLine field, int start, int end)
    {
        while (start < end && Syntax.IsSpace(bytes[start]))
        {
            start++;
        }

        while (start < end && Syntax.IsSpace(bytes[end - 1]))
        {
            end--;
        }

        field.ValueStart = start;
        field.ValueLength = end - start;
    }

    private static Malformed JudgeOddStop(ReadOnlySpan<byte> bytes, int stop, out bool complete)
    {
        complete = true;
        var found = bytes[stop];
        if (found == '\r' && stop + 1 == bytes.Length)
        {
            complete = false;
            return Malformed.None;
        }

        if (found == '\r')
        {
            return Malformed.BareCr;
        }

        if (found == '\n')
        {
            return Malformed.BareLf;
        }

        if (found == 0)
        {
            return Malformed.Nul;
        }

        if (found is < 0x20 or 0x7F)
        {
            return Malformed.ControlByte;
        }

        return Malformed.None;
    }

    private static Malformed JudgeName(ReadOnlySpan<byte> line, int colon, bool first)
    {
        if (first && Syntax.IsSpace(line[0]))
        {
            return Malformed.SpaceBeforeFirstField;
        }

        if (Syntax.IsSpace(line[0]))
        {
            return Malformed.ObsFold;
        }

        if (colon < 0)
        {
            return Malformed.MissingColon;
        }

        if (line[0] == ':')
        {
            return Malformed.EmptyFieldName;
        }

        if (Syntax.IsSpace(line[colon]))
        {
            return Malformed.SpaceInFieldName;
        }

        if (line[colon] != ':')
        {
            return Malformed.FieldName;
        }

        return Malformed.None;
    }
}
