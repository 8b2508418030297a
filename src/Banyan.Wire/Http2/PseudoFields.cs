namespace Banyan.Wire.Http2;

/// <summary>Which pseudo-header fields came, and how long those are that wait at the start of the text: method, path,
/// authority and protocol, or the status, one behind the other.</summary>
internal struct PseudoFields
{
    private uint _seen;

    public int Method;
    public int Path;
    public int Authority;
    public int Protocol;

    /// <summary>The method is CONNECT.</summary>
    public bool Connect;

    /// <summary>The path is an asterisk.</summary>
    public bool Asterisk;

    /// <summary>The method is OPTIONS.</summary>
    public bool Options;

    public readonly bool Has(FieldRole role) => (_seen & (1u << (int)role)) != 0;

    /// <returns>False when it was there before.</returns>
    public bool TryAdd(FieldRole role)
    {
        var fresh = !Has(role);
        _seen |= 1u << (int)role;
        return fresh;
    }
}
