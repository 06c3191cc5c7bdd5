using System.Globalization;

namespace Quorleans.MapReduce.Engine;

/// <summary>Records that user code failed on, over all tasks of a job. Safe for several threads.</summary>
public sealed class BadRecords
{
    private const int MostRemembered = 100;
    private readonly Lock _lock = new();
    private readonly List<string> _places = [];
    private readonly long _allowed;
    private long _count;

    /// <param name="allowed">How many may be skipped; 0: the first ends the job.</param>
    public BadRecords(long allowed) => _allowed = allowed;

    /// <summary>Whether any may be skipped.</summary>
    public bool MaySkip => _allowed > 0;

    /// <summary>How many were skipped.</summary>
    public long Count
    {
        get
        {
            lock (_lock) return _count;
        }
    }

    /// <summary>Where the first of them lie, in no order, and what went wrong.</summary>
    public IReadOnlyList<string> Places
    {
        get
        {
            lock (_lock) return [.. _places];
        }
    }

    /// <summary>Skips a record.</summary>
    /// <exception cref="MapReduceException">There are too many.</exception>
    internal void Skip(string path, long position, Exception e) => Skip(path, position, $"{e.GetType().Name}: {e.Message}", e);

    /// <summary>Skips a record that must not be mapped again.</summary>
    /// <exception cref="MapReduceException">There are too many.</exception>
    internal void SkipUnseen(string path, long position) => Skip(path, position, "it ended the process of an earlier attempt", null);

    private void Skip(string path, long position, string why, Exception? e)
    {
        string place = string.Create(CultureInfo.InvariantCulture, $"the record at byte {position} of {path}: {why}");
        lock (_lock)
        {
            if (_count == _allowed)
            {
                throw new MapReduceException(JobFailure.UserCode, _allowed == 0
                    ? $"the mapper failed on {place}"
                    : $"more than {_allowed} bad records, which is the limit; the last was {place}", e);
            }

            _count++;
            if (_places.Count < MostRemembered) _places.Add(place);
        }
    }
}
