namespace Banyan.Wire.Http1;

/// <summary>Why a message was refused: a closed list, one entry a rule of RFC 9112 / RFC 9110 or of data-plane limits.</summary>
public enum Malformed : byte
{
    None,
}
