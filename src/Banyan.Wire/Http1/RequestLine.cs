using System.Runtime.CompilerServices;

namespace Banyan.Wire.Http1;

/// <summary>The request line and its target (RFC 9112 §3).</summary>
internal static class RequestLine
{
    public static Malformed Parse(ReadOnlySpan<byte> bytes, int start, int end, RequestHead head)
    {
        if (start == end)
        {
            if (start != 0)
            {
                return Malformed.EmptyRequestLine;
            }

            return Malformed.None;
        }

        head.Phase = HeadPhase.Fields;
        head.Start = start;
        var line = bytes[start..end];
        var methodLength = line.IndexOfAnyExcept(Syntax.Token);
        if (methodLength < 0)
        {
            return Malformed.RequestLineShort;
        }

        if (methodLength == 0 || line[methodLength] != ' ')
        {
            return Malformed.Method;
        }

        head.MethodLength = methodLength;
        head.Method = Methods.Recognise(line[..methodLength]);
        var rest = line[(methodLength + 1)..];
        var targetLength = rest.IndexOfAnyExcept(Syntax.Target);
        if (targetLength < 0)
        {
            return Malformed.RequestLineShort;
        }

        if (rest[targetLength] == '#')
        {
            return Malformed.TargetFragment;
        }

        if (targetLength == 0 && rest[0] == ' ')
        {
            return Malformed.RequestLineSpace;
        }

        if (rest[targetLength] == '\t')
        {
            return Malformed.RequestLineSpace;
        }

        if (rest[targetLength] != ' ')
        {
            return Malformed.TargetByte;
        }

        head.TargetStart = start + methodLength + 1;
        head.TargetLength = targetLength;
        var reason = Versions.Parse(rest[(targetLength + 1)..], out head.Version);
        return reason == Malformed.None ? ParseTarget(rest[..targetLength], head) : reason;
    }

    private static Malformed ParseTarget(ReadOnlySpan<byte> target, RequestHead head)
    {
        head.AuthorityStart = head.TargetStart;
        head.AuthorityLength = 0;
        head.HostLength = 0;
        head.Port = -1;
        head.PathStart = head.TargetStart;
        head.PathLength = target.Length;
        head.QueryStart = -1;
        head.QueryLength = 0;
        if (head.Method == RequestMethod.Connect)
        {
            return ParseAuthorityForm(target, head);
        }

        if (target[0] == '/')
        {
            head.Form = TargetForm.Origin;
            SetQuery(target, head.TargetStart, head);
            return Malformed.None;
        }

        if (target.Length == 1 && target[0] == '*')
        {
            head.Form = TargetForm.Asterisk;
            if (head.Method != RequestMethod.Options)
            {
                return Malformed.AsteriskMethod;
            }

            return Malformed.None;
        }

        return ParseAbsoluteForm(target, head);
    }

    private static Malformed ParseAuthorityForm(ReadOnlySpan<byte> target, RequestHead head)
    {
        head.Form = TargetForm.Authority;
        head.AuthorityLength = target.Length;
        head.PathLength = 0;
        if (!HostSyntax.TryParse(target, out head.HostLength, out head.Port) || head.Port < 0)
        {
            return Malformed.ConnectTarget;
        }

        return Malformed.None;
    }

    private static Malformed ParseAbsoluteForm(ReadOnlySpan<byte> target, RequestHead head)
    {
        head.Form = TargetForm.Absolute;
        var colon = target.IndexOf("://"u8);
        if (colon < 0 || !(Syntax.Is(target[..colon], "http"u8) || Syntax.Is(target[..colon], "https"u8)))
        {
            return Malformed.TargetForm;
        }

        var afterScheme = colon + 3;
        var length = target[afterScheme..].IndexOfAny((byte)'/', (byte)'?');
        var authority = length < 0 ? target[afterScheme..] : target.Slice(afterScheme, length);
        if (authority.Contains((byte)'@'))
        {
            return Malformed.TargetUserInfo;
        }

        if (!HostSyntax.TryParse(authority, out head.HostLength, out head.Port))
        {
            return Malformed.TargetAuthority;
        }

        head.AuthorityStart = head.TargetStart + afterScheme;
        head.AuthorityLength = authority.Length;
        head.PathStart = head.AuthorityStart + authority.Length;
        head.PathLength = target.Length - afterScheme - authority.Length;
        SetQuery(target[(afterScheme + authority.Length)..], head.PathStart, head);
        return Malformed.None;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void SetQuery(ReadOnlySpan<byte> path, int pathStart, RequestHead head)
    {
        var mark = path.IndexOf((byte)'?');
        if (mark >= 0)
        {
            head.QueryStart = pathStart + mark + 1;
            head.QueryLength = path.Length - mark - 1;
        }
    }
}
