using System.Text;

namespace Banyan.Mesh.Tests.Soak;

/// <summary>Finds the ids of exchanges in the bytes of a connection, however these are cut. One writer, any reader.</summary>
internal sealed class IdScanner
{
    private const int Digits = 16;
    private static readonly byte[] Field = Encoding.ASCII.GetBytes($"{SoakExchange.IdField}: ");

    private readonly byte[] _tail = new byte[Field.Length + Digits - 1];
    private int _kept;
    private long _last;

    /// <summary>The id that went by last.</summary>
    public long? Last => Volatile.Read(ref _last) is var last and not 0 ? last : null;

    public void Take(ReadOnlySpan<byte> bytes)
    {
        // The end of what came before and the begin of this, for what is cut in two; then this.
        Span<byte> seam = stackalloc byte[2 * _tail.Length];
        _tail.AsSpan(0, _kept).CopyTo(seam);
        var more = Math.Min(bytes.Length, _tail.Length);
        bytes[..more].CopyTo(seam[_kept..]);
        Find(seam[..(_kept + more)]);
        Find(bytes);
        var rest = bytes.Length >= _tail.Length ? bytes[^_tail.Length..] : seam[Math.Max(0, _kept + more - _tail.Length)..(_kept + more)];
        rest.CopyTo(_tail);
        _kept = rest.Length;
    }

    private void Find(ReadOnlySpan<byte> bytes)
    {
        var at = bytes.LastIndexOf(Field);
        if (at >= 0 && bytes.Length >= at + Field.Length + Digits)
        {
            Volatile.Write(ref _last, SoakExchange.Read(Encoding.ASCII.GetString(bytes.Slice(at + Field.Length, Digits))));
        }
    }
}
