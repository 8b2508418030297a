namespace Banyan.Proxy.Reactor;

/// <summary>xorshift64*: fast, private to one loop, not for secrets (Marsaglia 2003; Vigna 2016).</summary>
internal struct XorShift(ulong seed)
{
    private ulong _state = seed | 1;

    internal ulong Next()
    {
        _state ^= _state >> 12;
        _state ^= _state << 25;
        _state ^= _state >> 27;
        return _state * 0x2545F4914F6CDD1DUL;
    }

    /// <summary>Uniform in [0, bound) by multiply and shift (Lemire 2019; the bias is below 2^-32).</summary>
    internal uint Below(uint bound) => (uint)(((Next() >> 32) * bound) >> 32);
}
