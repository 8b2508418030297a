using System.Buffers;
using System.Text;
using Banyan.Xds;
using Google.Protobuf.Collections;

namespace Banyan.Rules.Compilation;

/// <summary>Header changes of one level, or of several merged.</summary>
internal sealed record MutationLevels(HeaderMutation Request, HeaderMutation Response);

/// <summary>Compiles header changes and merges the levels in the order xDS applies them.</summary>
internal sealed class MutationCompiler(CompileErrors errors, bool mostSpecificWins)
{
    private static readonly SearchValues<char> Token =
        SearchValues.Create("!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");

    private static readonly SearchValues<byte> NotInValues = SearchValues.Create(0, (byte)'\r', (byte)'\n');

    /// <summary>Fields that frame or route the message; changing them would make one hop read another message than the next.</summary>
    private static readonly HashSet<string> Reserved = new(StringComparer.Ordinal)
    {
        "connection", "content-length", "expect", "host", "keep-alive", "proxy-connection", "te", "trailer",
        "transfer-encoding", "upgrade",
    };

    /// <summary>Compiles one level. <paramref name="fields"/> is <c>request_headers</c> or <c>response_headers</c>.</summary>
    public HeaderMutation Compile(RepeatedField<HeaderValueOption> add, RepeatedField<string> remove, string at, string fields)
    {
        if (add.Count == 0 && remove.Count == 0)
        {
            return HeaderMutation.None;
        }

        var addAt = CompileErrors.At(at, $"{fields}_to_add");
        var removeAt = CompileErrors.At(at, $"{fields}_to_remove");
        if (add.Count > RouteLimits.HeaderChanges || remove.Count > RouteLimits.HeaderChanges)
        {
            errors.Add(add.Count > RouteLimits.HeaderChanges ? addAt : removeAt, $"at most {RouteLimits.HeaderChanges}");
            return HeaderMutation.None;
        }

        var edits = new List<HeaderEdit>(add.Count);
        for (var i = 0; i < add.Count; i++)
        {
            if (CompileEdit(add[i], $"{addAt}[{i}]") is { } edit)
            {
                edits.Add(edit);
            }
        }

        var removals = new List<byte[]>(remove.Count);
        for (var i = 0; i < remove.Count; i++)
        {
            if (CompileName(remove[i], $"{removeAt}[{i}]") is { } name)
            {
                removals.Add(name);
            }
        }

        return new HeaderMutation { Remove = [.. removals], Set = [.. edits] };
    }

    /// <summary>What applying both levels has as its outcome.</summary>
    public MutationLevels Merge(MutationLevels inner, MutationLevels outer) =>
        new(Merge(inner.Request, outer.Request), Merge(inner.Response, outer.Response));

    private HeaderMutation Merge(HeaderMutation inner, HeaderMutation outer)
    {
        if (inner.IsEmpty || outer.IsEmpty)
        {
            return inner.IsEmpty ? outer : inner;
        }

        // The most specific level is applied first, so that the outermost has the last word; or the other way round.
        var (first, second) = mostSpecificWins ? (outer, inner) : (inner, outer);
        var remove = new List<byte[]>(first.Remove);
        remove.AddRange(second.Remove.Where(name => !Contains(first.Remove, name)));

        // What the first level wrote and the second removes never comes to be.
        var set = first.Set.Where(edit => !Contains(second.Remove, edit.Name)).Concat(second.Set);
        return new HeaderMutation { Remove = [.. remove], Set = [.. set] };
    }

    private static bool Contains(byte[][] names, byte[] name) => Array.Exists(names, other => other.AsSpan().SequenceEqual(name));

    private HeaderEdit? CompileEdit(HeaderValueOption option, string at)
    {
        if (option.Header is not { } header)
        {
            errors.Add($"{at}.header", "required");
            return null;
        }

        var name = CompileName(header.Key, $"{at}.header.key");
        var value = CompileValue(header, at);
        var action = CompileAction(option, at);
        if (name is null || value is null || action is null || (value.Length == 0 && !option.KeepEmptyValue))
        {
            return null; // an empty value without keep_empty_value is not written, as xDS says
        }

        return new HeaderEdit(name, [.. name, .. ": "u8, .. value, .. "\r\n"u8], action.Value);
    }

    private HeaderEditAction? CompileAction(HeaderValueOption option, string at)
    {
        if (option.Append is { } append)
        {
            if (option.AppendAction != HeaderValueOption.Types.HeaderAppendAction.AppendIfExistsOrAdd)
            {
                errors.Add($"{at}.append", "set together with append_action");
            }

            return append ? HeaderEditAction.AppendOrAdd : HeaderEditAction.Overwrite;
        }

        switch (option.AppendAction)
        {
            case HeaderValueOption.Types.HeaderAppendAction.AppendIfExistsOrAdd:
                return HeaderEditAction.AppendOrAdd;
            case HeaderValueOption.Types.HeaderAppendAction.AddIfAbsent:
                return HeaderEditAction.AddIfAbsent;
            case HeaderValueOption.Types.HeaderAppendAction.OverwriteIfExistsOrAdd:
                return HeaderEditAction.Overwrite;
            case HeaderValueOption.Types.HeaderAppendAction.OverwriteIfExists:
                return HeaderEditAction.OverwriteIfExists;
            default:
                errors.Add($"{at}.append_action", $"unknown value {(int)option.AppendAction}");
                return null;
        }
    }

    private byte[]? CompileName(string name, string at)
    {
        var lower = name.ToLowerInvariant();
        string? problem = null;
        if (name.Length is 0 or > RouteLimits.TextLength)
        {
            problem = name.Length == 0 ? "required" : "too long";
        }
        else if (name[0] == ':' || Reserved.Contains(lower))
        {
            problem = $"'{lower}' may not be changed";
        }
        else if (lower.StartsWith("x-banyan-", StringComparison.Ordinal))
        {
            problem = $"'{lower}': x-banyan- is the mesh's own";
        }
        else if (name.AsSpan().ContainsAnyExcept(Token))
        {
            problem = $"'{name}' is not a field name";
        }

        if (problem is null)
        {
            return Encoding.ASCII.GetBytes(lower);
        }

        errors.Add(at, problem);
        return null;
    }

    private byte[]? CompileValue(HeaderValue header, string at)
    {
        var field = header.RawValue.IsEmpty ? $"{at}.header.value" : $"{at}.header.raw_value";
        var value = header.RawValue.IsEmpty ? Encoding.UTF8.GetBytes(header.Value) : header.RawValue.ToByteArray();
        if (!header.RawValue.IsEmpty && header.Value.Length > 0)
        {
            errors.Add(field, "set together with value");
            return null;
        }

        if (value.Length > RouteLimits.TextLength || value.AsSpan().ContainsAny(NotInValues))
        {
            errors.Add(field, value.Length > RouteLimits.TextLength ? "too long" : "contains NUL, CR or LF");
            return null;
        }

        return Unescape(value.AsSpan().Trim(" \t"u8), field);
    }

    /// <summary><c>%%</c> stands for a percent sign; any other use of it is a substitution, which is not supported.</summary>
    private byte[]? Unescape(ReadOnlySpan<byte> value, string field)
    {
        var output = new byte[value.Length];
        var length = 0;
        for (var i = 0; i < value.Length; i++)
        {
            if (value[i] == (byte)'%' && (i + 1 == value.Length || value[++i] != (byte)'%'))
            {
                errors.Add(field, $"'{Encoding.UTF8.GetString(value)}': substitutions (%...%) are not supported; write %% for a percent sign");
                return null;
            }

            output[length++] = value[i];
        }

        return output[..length];
    }
}
