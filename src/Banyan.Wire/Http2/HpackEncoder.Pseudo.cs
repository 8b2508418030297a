using Banyan.Wire.Http1;

namespace Banyan.Wire.Http2;

/// <summary>Start lines to pseudo-header fields (RFC 9113 §8.3, RFC 8441 §4).</summary>
public sealed partial class HpackEncoder
{
    private static readonly uint MethodHash = FieldHash.Of(":method"u8);
    private static readonly uint PathHash = FieldHash.Of(":path"u8);
    private static readonly uint AuthorityHash = FieldHash.Of(":authority"u8);
    private static readonly uint ProtocolHash = FieldHash.Of(":protocol"u8);
    private static readonly uint StatusHash = FieldHash.Of(":status"u8);

    private uint _lastMethod;
    private uint _lastPath;
    private uint _lastAuthority;
    private uint _lastProtocol;
    private uint _lastStatus;

    /// <summary>Requests are said to have come by <c>:scheme</c> https, else by http. Set before the first one.</summary>
    public bool IsSecure { get; set; }

    /// <summary>Encodes the head of a request. The host becomes <c>:authority</c>.</summary>
    /// <param name="head">The head with a target of any form; it may end before the empty line.</param>
    /// <param name="output">Where the block goes.</param>
    /// <param name="extendedConnect">An <c>upgrade</c> field, if there is one, makes the request an extended CONNECT.
    /// To be asked for when the head is an upgrade and the peer understands RFC 8441.</param>
    /// <inheritdoc cref="EncodeTrailers" path="/returns"/>
    public int EncodeRequest(ReadOnlySpan<byte> head, Span<byte> output, bool extendedConnect = false)
    {
        var lines = new HeadLines(head);
        var start = lines.NextLine();
        var afterMethod = start.IndexOf((byte)' ');
        var afterTarget = start.LastIndexOf((byte)' ');
        if (afterMethod <= 0 || afterTarget <= afterMethod + 1)
        {
            return 0;
        }

        var method = start[..afterMethod];
        var target = start[(afterMethod + 1)..afterTarget];
        var upgrade = extendedConnect ? lines.Find("upgrade"u8) : default;
        var protocol = Syntax.NextElement(ref upgrade);
        var writer = Begin(output);
        if (method.SequenceEqual("CONNECT"u8))
        {
            Pseudo(":method"u8, method, MethodHash, StaticTable.MethodGet, ref _lastMethod, ref writer);
            Pseudo(":authority"u8, target, AuthorityHash, StaticTable.Authority, ref _lastAuthority, ref writer);
        }
        else
        {
            var authority = lines.TakeFirstOrFind("host"u8);
            SplitAbsolute(ref target, ref authority, method);
            Method(protocol.Length > 0 ? "CONNECT"u8 : method, ref writer);
            writer.Integer(Indexed, 7, IsSecure ? StaticTable.SchemeHttps : StaticTable.SchemeHttp);
            Path(target, ref writer);
            if (authority.Length > 0)
            {
                Pseudo(":authority"u8, authority, AuthorityHash, StaticTable.Authority, ref _lastAuthority, ref writer);
            }

            if (protocol.Length > 0)
            {
                Pseudo(":protocol"u8, protocol, ProtocolHash, 0, ref _lastProtocol, ref writer);
            }
        }

        Fields(ref lines, protocol.Length > 0, ref writer);
        return End(ref writer);
    }

    /// <summary>Takes an absolute form apart (RFC 9112 §3.2.2); its authority counts more than the host.</summary>
    private static void SplitAbsolute(
        ref ReadOnlySpan<byte> target, ref ReadOnlySpan<byte> authority, ReadOnlySpan<byte> method)
    {
        if (target[0] == '/' || target.IndexOf("://"u8) is not (var scheme and >= 0))
        {
            return;
        }

        var rest = target[(scheme + 3)..];
        var length = rest.IndexOfAny((byte)'/', (byte)'?');
        authority = length < 0 ? rest : rest[..length];
        target = length < 0 ? method.SequenceEqual("OPTIONS"u8) ? "*"u8 : "/"u8 : rest[length..];
    }

    private void Method(scoped ReadOnlySpan<byte> method, ref BlockWriter writer)
    {
        if (method.SequenceEqual("GET"u8))
        {
            writer.Integer(Indexed, 7, StaticTable.MethodGet);
        }
        else if (method.SequenceEqual("POST"u8))
        {
            writer.Integer(Indexed, 7, StaticTable.MethodPost);
        }
        else
        {
            Pseudo(":method"u8, method, MethodHash, StaticTable.MethodGet, ref _lastMethod, ref writer);
        }
    }

    private void Path(ReadOnlySpan<byte> path, ref BlockWriter writer)
    {
        if (path.Length == 1 && path[0] == '/')
        {
            writer.Integer(Indexed, 7, StaticTable.PathRoot);
        }
        else
        {
            Pseudo(":path"u8, path, PathHash, StaticTable.PathRoot, ref _lastPath, ref writer);
        }
    }

    /// <summary>101 becomes 200: it can only be the answer to what was an extended CONNECT here (RFC 8441 §5).</summary>
    private void Status(ReadOnlySpan<byte> digits, ref BlockWriter writer)
    {
        var index = ((digits[0] * 100) + (digits[1] * 10) + digits[2] - ('0' * 111)) switch
        {
            101 or 200 => StaticTable.FirstStatus,
            204 => StaticTable.FirstStatus + 1,
            206 => StaticTable.FirstStatus + 2,
            304 => StaticTable.FirstStatus + 3,
            400 => StaticTable.FirstStatus + 4,
            404 => StaticTable.FirstStatus + 5,
            500 => StaticTable.FirstStatus + 6,
            _ => 0,
        };
        if (index > 0)
        {
            writer.Integer(Indexed, 7, index);
        }
        else
        {
            Pseudo(":status"u8, digits, StatusHash, StaticTable.FirstStatus, ref _lastStatus, ref writer);
        }
    }

    /// <param name="name">The name.</param>
    /// <param name="value">The value.</param>
    /// <param name="hash">The name's hash.</param>
    /// <param name="index">The name's index in the static table, or 0.</param>
    /// <param name="last">The number of the entry that the last field of that name became.</param>
    /// <param name="writer">Where to.</param>
    private void Pseudo(
        scoped ReadOnlySpan<byte> name,
        scoped ReadOnlySpan<byte> value,
        uint hash,
        int index,
        ref uint last,
        ref BlockWriter writer)
    {
        if (_table.IsAlive(last) && value.SequenceEqual(_table.Line(in _table[last])[(name.Length + 2)..^2]))
        {
            writer.Integer(Indexed, 7, IndexOf(last));
            return;
        }

        last = Field(name, value, hash, index, FieldPolicy.Index, ref writer);
    }
}
