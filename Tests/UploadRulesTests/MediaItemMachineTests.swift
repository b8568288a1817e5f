import Testing
import UploadModel
import UploadRules

@Suite struct MediaItemMachineTests {
    static let now = Timestamp(milliseconds: 1_700_000_000_000)
    static let later = now.adding(seconds: 60)

    static func request(
        _ platforms: [Platform] = [.youtube, .tiktok], at moment: Timestamp? = nil, isDraft: Bool = false,
        settings: [Platform: String] = [:]
    ) -> MediaItemRequest {
        MediaItemRequest(
            kind: .video, title: "Film", platforms: platforms, scheduledAt: moment, isDraft: isDraft,
            settingsJSON: settings)
    }

    static func item(_ request: MediaItemRequest) throws -> MediaItem {
        MediaItem(
            id: .random(now: now), tenant: .default, fileID: .random(), request: request,
            status: request.initialStatus, createdAt: now, updatedAt: now)
    }

    // MARK: Time

    @Test func becomesDueAtItsMomentAndOnce() throws {
        let item = try Self.item(Self.request(at: Self.later))
        #expect(MediaItemMachine(item).timePassed(now: Self.now) == nil)
        #expect(
            MediaItemMachine(item).timePassed(now: Timestamp(milliseconds: Self.later.milliseconds - 1)) == nil)
        let due = try #require(MediaItemMachine(item).timePassed(now: Self.later))
        #expect(due.status == .pending)
        #expect(due.dueAt == Self.later)
        #expect(due.request == item.request)
        #expect(MediaItemMachine(due).timePassed(now: Self.later.adding(seconds: 60)) == nil)
    }

    @Test func nothingElseBecomesDue() throws {
        let draft = try Self.item(Self.request(isDraft: true))
        let immediate = try Self.item(Self.request())
        for item in [draft, immediate] {
            #expect(MediaItemMachine(item).timePassed(now: Timestamp(milliseconds: .max)) == nil)
        }
    }

    // MARK: Edits

    @Test(arguments: MediaItemStatus.allCases) func isEditedOnlyBeforeItsTime(status: MediaItemStatus) throws {
        var item = try Self.item(Self.request(at: Self.later))
        item.status = status
        let action = MediaItemMachine(item).edited(to: Self.request(at: Self.later), now: Self.now)
        switch status {
        case .draft, .scheduled:
            guard case .store = action else { return #expect(Bool(false), "\(action)") }
        case .pending, .processing, .completed, .failed: #expect(action == .refuse(status))
        }
    }

    /// What an edit makes of the moment: from draft or not, with a moment or not, to the same.
    @Test(arguments: [
        (false, true, true, false, MediaItemStatus.draft, false), (false, true, false, true, .scheduled, false),
        (false, true, false, false, .pending, true), (true, false, false, true, .scheduled, false),
        (true, false, false, false, .pending, true), (true, false, true, false, .draft, false),
        (false, false, false, false, .scheduled, false),
    ])
    func editsMoveTheMoment(
        hadMoment: Bool, wasDraft: Bool, isDraft: Bool, hasMoment: Bool, status: MediaItemStatus, becomesDue: Bool
    ) throws {
        let item = try Self.item(Self.request(at: hadMoment ? Self.later : nil, isDraft: wasDraft))
        let wanted = Self.request(at: hasMoment ? Self.later.adding(seconds: 9) : nil, isDraft: isDraft)
        let now = Self.now.adding(seconds: 5)
        guard case .store(let edited, let isDue) = MediaItemMachine(item).edited(to: wanted, now: now) else {
            return #expect(Bool(false), "it was refused")
        }
        #expect(edited.status == status)
        #expect(isDue == becomesDue)
        #expect(edited.dueAt == (becomesDue ? now : nil))
        #expect(edited.request == wanted)
        #expect(edited.updatedAt == now)
        #expect(edited.createdAt == item.createdAt)
    }

    /// It was handed on when it was made: whoever moved its moment would have it published twice.
    @Test func whatWasForNowCannotBeMoved() throws {
        let item = try Self.item(Self.request())
        for wanted in [Self.request(at: Self.later), Self.request(isDraft: true)] {
            #expect(MediaItemMachine(item).edited(to: wanted, now: Self.now) == .refuseMoment)
        }
    }

    @Test func remembersWhatWasAskedAtFirst() throws {
        let first = try Self.item(Self.request(at: Self.later))
        var item = first
        for title in ["B", "C"] {
            var request = item.request
            request.title = title
            guard
                case .store(let edited, _) = MediaItemMachine(item).edited(
                    to: request, now: Self.now.adding(seconds: 1))
            else { return #expect(Bool(false), "it was refused") }
            item = edited
        }
        guard
            case .store(let reported) = MediaItemMachine(item).reported(
                PlatformResult(status: .published, remoteID: "1"), for: .youtube, now: Self.later)
        else { return #expect(Bool(false), "it was refused") }
        #expect(reported.title == "C")
        #expect(reported.asMade == first)
    }

    // MARK: Reports

    @Test(arguments: [
        ([PlatformStatus.published, .published], MediaItemStatus.completed),
        ([.published, .manual], .completed), ([.published, .failed], .failed), ([.failed, .failed], .failed),
        ([.failed, .processing], .processing), ([.published, .pending], .processing),
        ([.processing, .pending], .processing), ([.pending, .pending], .pending), ([.idle, .manual], .pending),
        ([.manual, .manual], .completed),
    ])
    func statusFollowsFromPlatforms(reports: [PlatformStatus], status: MediaItemStatus) throws {
        for order in [[0, 1], [1, 0]] {
            var item = try Self.item(Self.request())
            for index in order {
                let platform: Platform = index == 0 ? .youtube : .tiktok
                guard
                    case .store(let reported) = MediaItemMachine(item).reported(
                        PlatformResult(status: reports[index]), for: platform, now: Self.later)
                else { return #expect(Bool(false), "it was refused") }
                item = reported
            }
            #expect(item.status == status, "\(reports)")
        }
    }

    @Test func whatTheClientPublishesItselfIsNotWaitedFor() throws {
        let item = try Self.item(Self.request(settings: [.tiktok: "{\"autoPublish\":false}"]))
        guard
            case .store(let reported) = MediaItemMachine(item).reported(
                PlatformResult(status: .published), for: .youtube, now: Self.later)
        else { return #expect(Bool(false), "it was refused") }
        #expect(reported.status == .completed)
        #expect(reported.platformStatus(.tiktok) == .manual)
    }

    /// A publisher that reports early does not take the item's moment from it.
    @Test func anEarlyReportLeavesTheMoment() throws {
        let item = try Self.item(Self.request(at: Self.later))
        guard
            case .store(let reported) = MediaItemMachine(item).reported(
                PlatformResult(status: .processing), for: .tiktok, now: Self.now)
        else { return #expect(Bool(false), "it was refused") }
        #expect(reported.status == .scheduled)
        #expect(reported.platformStatus(.tiktok) == .processing)
        let due = try #require(MediaItemMachine(reported).timePassed(now: Self.later))
        #expect(due.status == .processing)
        #expect(due.dueAt == Self.later)
    }

    @Test func whatIsDoneBeforeItsMomentIsDone() throws {
        var item = try Self.item(Self.request(at: Self.later))
        for platform in [Platform.youtube, .tiktok] {
            guard
                case .store(let reported) = MediaItemMachine(item).reported(
                    PlatformResult(status: .published), for: platform, now: Self.now)
            else { return #expect(Bool(false), "it was refused") }
            item = reported
        }
        #expect(item.status == .completed)
        #expect(MediaItemMachine(item).timePassed(now: Self.later) == nil)
    }

    @Test func refusesReportsThatCannotBe() throws {
        let result = PlatformResult(status: .published)
        let draft = try Self.item(Self.request(isDraft: true))
        #expect(MediaItemMachine(draft).reported(result, for: .youtube, now: Self.later) == .refuseDraft)
        #expect(draft.platformStatus(.youtube) == .idle)
        let other = try Self.item(Self.request([.youtube]))
        #expect(MediaItemMachine(other).reported(result, for: .tiktok, now: Self.later) == .refuseOtherPlatform)
    }

    /// A caption that talks of the setting is not the setting.
    @Test func readsTheSettingNotTheText() throws {
        let talk = Self.request(settings: [.tiktok: #"{"caption":"\"autoPublish\":false"}"#])
        #expect(!talk.isManual(.tiktok))
        #expect(Self.request(settings: [.tiktok: #"{"autoPublish":false,"caption":"x"}"#]).isManual(.tiktok))
        #expect(!Self.request(settings: [.tiktok: #"{"autoPublish":true}"#]).isManual(.tiktok))
    }
}
