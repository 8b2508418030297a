using System.Diagnostics;

namespace Banyan.Wire.Http1;

/// <summary>chunk-ext = *( BWS ";" BWS name [ BWS "=" BWS ( token / quoted-string ) ] ) (RFC 9112 §7.1.1).</summary>
public partial struct ChunkedBody
{
    private Malformed CountExtension()
    {
        if (++_extensionBytes > MaxExtensionBytes)
        {
            return Malformed.ChunkExtensionTooLong;
        }

        return Malformed.None;
    }

    private Malformed Extension(byte b)
    {
        var reason = CountExtension();
        if (reason == Malformed.None)
        {
            reason = JudgeExtensionByte(b);
        }

        if (reason != Malformed.None)
        {
            return reason;
        }

        var next = After(_state, b);
        if (next == State.Refused)
        {
            return Malformed.ChunkExtension;
        }

        _state = next;
        return Malformed.None;
    }

    private static Malformed JudgeExtensionByte(byte b)
    {
        if (b == '\n')
        {
            return Malformed.BareLf;
        }

        return Malformed.None;
    }

    /// <summary>The state after one more byte; Refused where the grammar has none.</summary>
    private static State After(State state, byte b) => state switch
    {
        State.ExtensionSpace or State.ExtensionValueSpace => b switch
        {
            (byte)' ' or (byte)'\t' => state,
            (byte)';' => State.ExtensionNameStart,
            _ => State.Refused,
        },
        State.ExtensionNameStart => Syntax.IsSpace(b) ? state : TokenOr(State.ExtensionName, b),
        State.ExtensionName => b switch
        {
            (byte)'=' => State.ExtensionValueStart,
            (byte)';' => State.ExtensionNameStart,
            (byte)'\r' => State.SizeLf,
            (byte)' ' or (byte)'\t' => State.ExtensionNameEnd,
            _ => TokenOr(state, b),
        },
        State.ExtensionNameEnd => b switch
        {
            (byte)' ' or (byte)'\t' => state,
            (byte)'=' => State.ExtensionValueStart,
            (byte)';' => State.ExtensionNameStart,
            _ => State.Refused,
        },
        State.ExtensionValueStart => b switch
        {
            (byte)' ' or (byte)'\t' => state,
            (byte)'"' => State.Quoted,
            _ => TokenOr(State.ExtensionValue, b),
        },
        State.ExtensionValue => Syntax.Token.Contains(b) ? state : After(State.ExtensionValueEnd, b),
        State.ExtensionValueEnd => b switch
        {
            (byte)';' => State.ExtensionNameStart,
            (byte)'\r' => State.SizeLf,
            (byte)' ' or (byte)'\t' => State.ExtensionValueSpace,
            _ => State.Refused,
        },
        State.Quoted => b switch
        {
            (byte)'"' => State.ExtensionValueEnd,
            (byte)'\\' => State.QuotedPair,
            _ => TextOr(State.Quoted, b),
        },
        State.QuotedPair => TextOr(State.Quoted, b),
        _ => throw new UnreachableException(),
    };

    private static State TokenOr(State token, byte b) => Syntax.Token.Contains(b) ? token : State.Refused;

    private static State TextOr(State text, byte b) => b is (byte)'\t' or >= 0x20 and not 0x7F ? text : State.Refused;
}
