namespace Quorleans.MapReduce.Tasks;

/// <summary>
/// Shares the slots of a machine among the trackers of one process: three of them on two processors shall run two attempts, not six. When one
/// stops, the others get its share.
/// </summary>
/// <param name="slots">How many there are.</param>
public sealed class SlotPool(int slots)
{
    private readonly Lock _lock = new();
    private readonly List<object> _trackers = [];

    /// <summary>A tracker begins.</summary>
    public void Join(object tracker)
    {
        lock (_lock) _trackers.Add(tracker);
    }

    /// <summary>A tracker ends.</summary>
    public void Leave(object tracker)
    {
        lock (_lock) _trackers.Remove(tracker);
    }

    /// <summary>A tracker's share, which changes as others come and go. May be 0.</summary>
    public int Of(object tracker)
    {
        lock (_lock)
        {
            int place = _trackers.IndexOf(tracker);
            return place < 0 ? 0 : (slots / _trackers.Count) + (place < slots % _trackers.Count ? 1 : 0);
        }
    }
}
