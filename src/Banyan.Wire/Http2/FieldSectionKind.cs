namespace Banyan.Wire.Http2;

/// <summary>What a field block stands for.</summary>
internal enum FieldSectionKind : byte
{
    Request,
    Response,
    Trailers,
}
