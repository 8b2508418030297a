using System.Buffers;
using System.Collections.Concurrent;
using System.Text.Json;

namespace Banyan.Proxy.Record;

/// <summary>Takes bytes of the log; returns how many it took, fewer when its reader is slow.</summary>
internal delegate int LogSink(ReadOnlySpan<byte> bytes);

/// <summary>JSON lines through a bounded queue: writers never wait, the housekeeping thread does the output.</summary>
/// <remarks>Thread-safe. What does not fit is dropped and counted; the count is logged when there is room again.</remarks>
public sealed class ProxyLog(LogLevel minimum, TimeProvider time)
{
    /// <summary>Lines that may wait for output.</summary>
    public const int Capacity = 1024;

    private readonly ConcurrentQueue<Entry> _queue = new();
    private readonly ArrayBufferWriter<byte> _buffer = new();
    private readonly Lock _drain = new();
    private int _waiting;
    private long _dropped;
    private long _reported;

    /// <summary>Lines lost so far.</summary>
    public long Dropped => Volatile.Read(ref _dropped);

    /// <summary>Called after a line was queued, to wake whoever drains.</summary>
    internal Action? Written { get; set; }

    /// <summary>Whether lines of that level are written: ask before computing the arguments of a message.</summary>
    public bool IsOn(LogLevel level) => level >= minimum && level != LogLevel.Off;

    /// <summary>Queues a line.</summary>
    /// <param name="level">How important it is.</param>
    /// <param name="name">Stable name of the event, such as <c>listener-bound</c>.</param>
    /// <param name="message">For people.</param>
    /// <param name="fields">For programs.</param>
    public void Write(LogLevel level, string name, string message, params ReadOnlySpan<LogField> fields)
    {
        if (!IsOn(level))
        {
            return;
        }

        if (Interlocked.Increment(ref _waiting) > Capacity)
        {
            Interlocked.Decrement(ref _waiting);
            Interlocked.Increment(ref _dropped);
            return;
        }

        _queue.Enqueue(new Entry(time.GetUtcNow(), level, name, message, fields.ToArray()));
        Written?.Invoke();
    }

    /// <summary>There are lines, or the rest of one, that were not taken yet.</summary>
    internal bool HasWaiting => !_queue.IsEmpty || _buffer.WrittenCount > 0;

    /// <summary>Hands what is queued to the sink, as far as it takes it, at most <paramref name="most"/> bytes at once.</summary>
    internal void DrainTo(LogSink sink, int most)
    {
        lock (_drain)
        {
            while (_buffer.WrittenCount < most && _queue.TryDequeue(out var entry))
            {
                Interlocked.Decrement(ref _waiting);
                Render(entry);
            }

            ReportDropped();
            if (_buffer.WrittenCount > 0)
            {
                var taken = sink(_buffer.WrittenSpan);
                var rest = _buffer.WrittenSpan[taken..].ToArray();
                _buffer.ResetWrittenCount();
                _buffer.Write(rest);
            }
        }
    }

    private void ReportDropped()
    {
        var dropped = Dropped;
        if (dropped != _reported)
        {
            var lost = dropped - _reported;
            _reported = dropped;
            Render(new Entry(
                time.GetUtcNow(), LogLevel.Warn, "log-lines-dropped", "log lines were lost: too many at once", [new("count", lost)]));
        }
    }

    private void Render(in Entry entry)
    {
        using (var json = new Utf8JsonWriter(_buffer))
        {
            json.WriteStartObject();
            json.WriteString("time"u8, entry.Time.UtcDateTime);
            json.WriteString("level"u8, LogLevels.Name(entry.Level));
            json.WriteString("event"u8, entry.Name);
            json.WriteString("message"u8, entry.Message);
            foreach (var field in entry.Fields)
            {
                if (field.IsNumber)
                {
                    json.WriteNumber(field.Name, field.Number);
                }
                else
                {
                    json.WriteString(field.Name, field.Text);
                }
            }

            json.WriteEndObject();
        }

        _buffer.Write("\n"u8);
    }

    private readonly record struct Entry(DateTimeOffset Time, LogLevel Level, string Name, string Message, LogField[] Fields);
}
