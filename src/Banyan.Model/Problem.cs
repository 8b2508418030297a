namespace Banyan.Model;

/// <summary>One mistake in a file, and where it is.</summary>
/// <param name="File">The path as it was given to the reader.</param>
/// <param name="Line">Line, counted from 1.</param>
/// <param name="Column">Column, counted from 1.</param>
/// <param name="Field">Path of the field, for example <c>spec.ports[0].port</c>; empty when the document as a whole is meant.</param>
/// <param name="Message">What is wrong and how to mend it.</param>
public sealed record Problem(string File, int Line, int Column, string Field, string Message)
{
    /// <summary><c>FILE:LINE:COLUMN: field.path: message</c>.</summary>
    public override string ToString() =>
        Field.Length == 0 ? $"{File}:{Line}:{Column}: {Message}" : $"{File}:{Line}:{Column}: {Field}: {Message}";
}
