using Banyan.Xds.Grpc;

namespace Banyan.Proxy.Xds;

/// <summary>Puts gRPC messages together from a stream's bytes, in whatever pieces they come. No I/O.</summary>
internal sealed class MessageAssembler
{
    private readonly byte[] _prefix = new byte[GrpcFrame.PrefixLength];
    private byte[]? _message;
    private int _filled;

    /// <summary>Nothing of a further message was taken: the stream may end here.</summary>
    internal bool IsBetweenMessages => _message is null && _filled == 0;

    /// <summary>Takes bytes off the front up to the end of one message. <see cref="GrpcFrameStatus.Complete"/>: it is in
    /// <paramref name="message"/>, in an array of its own. <see cref="GrpcFrameStatus.Incomplete"/>: all bytes were taken and more are
    /// needed. Anything else: the stream is not gRPC, and nothing more can be read from it.</summary>
    internal GrpcFrameStatus Take(ref ReadOnlySpan<byte> bytes, out byte[]? message)
    {
        message = null;
        if (_message is null)
        {
            Fill(_prefix, ref bytes);
            var status = GrpcFrame.TryRead(_prefix.AsSpan(0, _filled), out var length);
            if (length < 0 || status is not (GrpcFrameStatus.Complete or GrpcFrameStatus.Incomplete))
            {
                return status;
            }

            _message = new byte[length];
            _filled = 0;
        }

        Fill(_message, ref bytes);
        if (_filled < _message.Length)
        {
            return GrpcFrameStatus.Incomplete;
        }

        message = _message;
        _message = null;
        _filled = 0;
        return GrpcFrameStatus.Complete;
    }

    private void Fill(byte[] target, ref ReadOnlySpan<byte> bytes)
    {
        var n = Math.Min(bytes.Length, target.Length - _filled);
        bytes[..n].CopyTo(target.AsSpan(_filled));
        _filled += n;
        bytes = bytes[n..];
    }
}
